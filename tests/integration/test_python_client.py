"""The Python client library, against a running Aura."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aura.client import CallClient, CallError, Query
from tests.aura_process import SIMULATED, AuraProcess
from tests.caller import VOICE_MS, buzz, silence
from tests.ports import free_ports

QUIET: Query = {"greeting": 0, "audio": "chunks"}
CLIENTS = Path(__file__).parents[2] / "docs" / "clients.md"


async def until(call: CallClient, kind: str, seconds: float = 20) -> dict[str, Any]:
    """Return the next message of *kind*."""
    async with asyncio.timeout(seconds):
        while (message := await call.receive())["type"] != kind:
            pass
    return message


async def test_typed_and_spoken_turns_are_answered(simulated: AuraProcess) -> None:
    async with CallClient(simulated.url, token="demo_token", query=QUIET) as call:
        await until(call, "session")
        assert call.session.startswith("s_")
        await call.type("Good morning")
        assert (await until(call, "ai_complete"))["full_response"]
        await call.send(buzz(VOICE_MS) + silence(1500))
        assert (await until(call, "user_transcript"))["text"] == "Hello, how are you today?"
        await until(call, "ai_audio_chunk")
        await call.interrupt()
        assert "heard" in await until(call, "ai_interrupted")


async def test_a_loop_over_messages_ends_with_the_call(simulated: AuraProcess) -> None:
    async with CallClient(simulated.url, token="demo_token", query=QUIET) as call:
        kinds = []
        async for message in call:
            kinds.append(message["type"])
            if message["type"] == "session":
                await call.hang_up()
        assert kinds == ["session"]
        assert not call.open
        await call.type("nobody hears this")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuraProcess]:
    aura = AuraProcess(tmp_path_factory.mktemp("own"), env=SIMULATED)
    try:
        yield aura.wait_until_ready()
    finally:
        aura.stop()


@pytest.fixture
async def aura(own: AuraProcess) -> AuraProcess:
    """An Aura whose edge may be killed, and runs again."""
    await own.until_healthy()
    return own


async def test_a_call_comes_back_to_its_session_when_its_edge_is_killed(aura: AuraProcess) -> None:
    asked = 0

    async def token() -> str:
        nonlocal asked
        asked += 1
        return "demo_token"

    async with CallClient(aura.url, token=token, query=QUIET) as call:
        session = (await until(call, "session"))["session"]
        os.kill(aura.children()["edge"], signal.SIGKILL)
        again = await until(call, "session", 40)
        assert again == {"type": "session", "session": session, "resumed": True}
        assert (call.session, call.reconnections) == (session, 1)
        assert asked >= 2
        await call.type("Still there")
        await until(call, "ai_complete")


async def test_a_call_that_is_hung_up_while_it_comes_back_stays_so(aura: AuraProcess) -> None:
    comes_back, has_left = asyncio.Event(), asyncio.Event()

    async def token() -> str:
        if call.session:
            comes_back.set()
            await has_left.wait()
        return "demo_token"

    call = CallClient(aura.url, token=token, query=QUIET)
    async with call, asyncio.timeout(40):
        await until(call, "session")
        os.kill(aura.children()["edge"], signal.SIGKILL)
        reading = asyncio.ensure_future(call.receive())
        await comes_back.wait()
    has_left.set()
    with pytest.raises(CallError) as left:
        await reading
    assert (left.value.why, left.value.code) == ("CLOSED", 1000)
    assert not call.open


async def test_a_call_that_may_not_come_back_says_that_its_line_was_lost(
    aura: AuraProcess,
) -> None:
    async with CallClient(aura.url, token="demo_token", query=QUIET, retries_s=()) as call:
        await until(call, "session")
        os.kill(aura.children()["edge"], signal.SIGKILL)
        with pytest.raises(CallError) as lost:
            await until(call, "session")
        assert (lost.value.why, lost.value.code) == ("CLOSED", 1006)


async def test_a_refused_token_and_a_server_that_is_not_there_are_told(
    simulated: AuraProcess,
) -> None:
    async with CallClient(simulated.url, token="nobody") as call:
        with pytest.raises(CallError, match="Invalid Token") as refused:
            await call.receive()
        assert refused.value.code == 1008
    with pytest.raises(CallError) as absent:
        await CallClient(f"http://127.0.0.1:{free_ports()}", token="x").__aenter__()
    assert absent.value.why == "UNREACHABLE"


def test_the_documented_program_runs(simulated: AuraProcess) -> None:
    found = re.search(r"```python\n(.*?)```", CLIENTS.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    code = found[1].replace("https://voice.example", simulated.url).replace("TOKEN", "demo_token")
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
