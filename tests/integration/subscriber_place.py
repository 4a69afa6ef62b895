"""A bus, and subscribers beside it as processes of their own."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from deploy import nats_server
from runtime.settings import Settings
from schemas.events import TranscriptFinal
from tests.aura_process import COMMAND

WHOSE: dict[str, Any] = {"tenant": "t", "session": "s", "at_ms": 1}
MODULE = """
import asyncio, os, pathlib
from workers.analytics import GiveUp, subscriber

out = pathlib.Path(os.environ["OUT"]).open("a", buffering=1)

@subscriber("transcript.final", ack_wait_s=2, tries=3, backoff_s=0.05)
async def on_words(event):
    if event.text == "poison":
        out.write(f"try {event.id}\\n")
        raise RuntimeError(event.text)
    if event.text == "never":
        out.write(f"try {event.id}\\n")
        raise GiveUp
    out.write(f"{event.id}\\n")

@subscriber("transcript.final", name="sleeper", ack_wait_s=2)
async def sleeper(event):
    await asyncio.sleep(1)

@subscriber("transcript.final", tenant="acme")
async def of_acme(event):
    out.write(f"acme {event.id}\\n")

@subscriber("turn.measured", name="batches", batch=100, batch_wait_s=0.3)
async def batches(events):
    out.write(f"batch {len(events)}\\n")
"""


def words(number: int, text: str = "Hello.") -> TranscriptFinal:
    return TranscriptFinal(
        **WHOSE, utterance=number, text=text, confidence=1.0, audio_ms=1, took_ms=1.0, model="m"
    )


def as_user(settings: Settings, user: str = "analytics") -> dict[str, str]:
    """Return what makes a process that *user*, and the bus reached without any other."""
    folder = settings.data_dir.parent / "nats"
    bare = re.sub("//.*@", "//", settings.nats_url)
    return {
        "NATS_URL": bare,
        "AURA_NATS_USER": user,
        "AURA_NATS_PASSWORD": nats_server.passwords(folder)[user],
    }


async def make_places(settings: Settings, *arguments: str, **env: str) -> None:
    """Make the places in the log that `aura worker analytics` with *arguments* will have."""
    path = os.pathsep.join([*filter(None, [env.pop("PYTHONPATH", "")]), *sys.path])
    operator = as_user(settings, "operator")
    made = await asyncio.create_subprocess_exec(
        *(*COMMAND, "provision", *arguments),
        env={**os.environ, **operator, **env, "PYTHONPATH": path},
    )
    assert await asyncio.wait_for(made.wait(), 20) == 0


class Place:
    """Where the subscribers of a test live and what they wrote."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.out = folder / "out.txt"
        self.out.touch()
        (folder / "mine.py").write_text(MODULE, encoding="utf-8")
        self._folder = folder
        self._settings = settings
        self.env = as_user(settings)

    def lines(self) -> list[str]:
        return self.out.read_text(encoding="utf-8").splitlines()

    async def start(self, *arguments: str) -> asyncio.subprocess.Process:
        """Return the process once it is ready; the operator makes its place in the log."""
        if "--live" not in arguments:
            env = {"OUT": str(self.out), "PYTHONPATH": str(self._folder)}
            await make_places(self._settings, *arguments, **env)
        process = await asyncio.create_subprocess_exec(
            *(*COMMAND, "worker", "analytics", *arguments),
            cwd=self._folder,
            env={
                **os.environ,
                **self.env,
                "OUT": str(self.out),
                "PYTHONPATH": os.pathsep.join([str(self._folder), *sys.path]),
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        assert process.stdout
        said = b""
        async with asyncio.timeout(20):
            while b"worker_ready" not in said:
                said = await process.stdout.readline()
                assert said, "it ended"
        return process

    @asynccontextmanager
    async def running(self, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
        process = await self.start(*arguments)
        try:
            yield process
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):  # terminate() may reap what asyncio waits for
                    os.kill(process.pid, signal.SIGTERM)
                assert await asyncio.wait_for(process.wait(), 15) == 0

    async def until(self, count: int, seconds: float = 30) -> list[str]:
        async with asyncio.timeout(seconds):
            while len(found := self.lines()) < count:
                await asyncio.sleep(0.05)
        return found
