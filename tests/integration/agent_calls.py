"""Agents that are applied to an Aura, and calls that name them."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import jwt

from schemas.events import SessionStarted
from tests.aura_process import SIMULATED, AuraProcess
from tests.caller import Caller, calling
from tests.session_log import log_of

SECRET = "a secret that is long enough for HS256"
EXAMPLE = Path(__file__).parents[2] / "examples" / "restaurant" / "agents"
PATH = "/ws/voice/continuous?token="


@contextmanager
def running(folder: Path) -> Iterator[AuraProcess]:
    """Run an Aura with the agents of the example, and with a model that tells what it reads."""
    shutil.copytree(EXAMPLE, folder / "agents")
    env = {
        **SIMULATED,
        "AURA_JWT_SECRET": SECRET,
        "AURA_LLM_ENGINE": "tests.reading_model:ReadingModel",
        "AURA_MAX_SESSIONS_PER_USER": "50",
        "AURA_RECONNECTS_PER_MINUTE": "100",
        "AURA_MAX_CONNECTIONS_PER_IP": "50",
        "AURA_API_REQUESTS_PER_MINUTE": "100000",
    }
    aura = AuraProcess(folder, "--agents", str(folder / "agents"), env=env)
    try:
        yield aura.wait_until_ready()
    finally:
        assert aura.stop() == 0


def command(of: AuraProcess, *arguments: str) -> subprocess.CompletedProcess[str]:
    return of.run(*arguments)


async def agents(of: AuraProcess, *arguments: str) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(command, of, "agents", *arguments)


async def applied(
    of: AuraProcess, folder: Path, name: str, text: str, *options: str
) -> tuple[str, int]:
    """Apply an agent and return its name and revision."""
    file = folder / f"{name}.yaml"
    file.write_text(text, encoding="utf-8")
    done = await agents(of, "apply", str(file), *options)
    assert done.returncode == 0, done.stderr
    named, _, number = done.stdout.split()[0].partition("@")
    return named, int(number)


def token(tenant: str = "acme", **claims: Any) -> str:
    said = {"sub": "ann", "tenant": tenant, "exp": int(time.time()) + 600, **claims}
    return jwt.encode(said, SECRET, "HS256")


@asynccontextmanager
async def held(of: AuraProcess, query: str = "", **claims: Any) -> AsyncIterator[Caller]:
    async with calling(of.url, PATH + token(**claims) + query) as caller:
        yield caller


async def started(of: AuraProcess, query: str = "", **claims: Any) -> SessionStarted:
    """Call, leave at once, and return how the session began."""
    async with held(of, f"&greeting=0{query}", **claims) as caller:
        session = (await caller.until("session"))["session"]
        await caller.send({"type": "end_call"})
        await caller.ws.wait_closed()
    return await beginning(of, session)


async def beginning(of: AuraProcess, session: str) -> SessionStarted:
    found = await log_of(of, session)
    return next(one for one in found if isinstance(one, SessionStarted))
