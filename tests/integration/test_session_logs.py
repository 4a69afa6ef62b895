"""Log lines of a call name its own session, whichever callback wrote them; turns may be typed."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from schemas.events import WATERFALL
from tests.aura_process import SIMULATED, AuraProcess
from tests.caller import DEMO, VOICE_MS, Caller, buzz, calling, silence

pytestmark = pytest.mark.integration


def lines(aura: AuraProcess, event: str) -> list[dict[str, Any]]:
    """Return the lines of *event* in the log, which is JSON where there is no terminal."""
    found = []
    for line in aura.said().splitlines():
        if f'"{event}"' in line:
            told: dict[str, Any] = json.loads(line[line.index("{") :])
            if told.get("event") == event:
                found.append(told)
    return found


async def until_ended(aura: AuraProcess, *sessions: str) -> None:
    """Wait until the log has the end of each of *sessions*."""
    async with asyncio.timeout(10):
        while not {*sessions} <= {one.get("session") for one in lines(aura, "session_ended")}:
            await asyncio.sleep(0.05)


async def converse(caller: Caller, number: int) -> str:
    """Hold the *number*-th conversation of a connection and return its session."""
    await caller.send({"type": "start_conversation", "stream": True})
    started = await caller.until("conversation_started", number)
    await caller.speak(buzz(VOICE_MS) + silence(1200), 100, as_json=True)
    await caller.until("ai_response", number)
    await caller.send({"type": "end_conversation"})
    await caller.until("conversation_ended", number)
    session: str = started["session_id"]
    return session


async def test_each_line_has_the_session_of_its_own_conversation(simulated: AuraProcess) -> None:
    async with calling(simulated.url, "/ws") as caller:
        sessions = [await converse(caller, 1), await converse(caller, 2)]
    await until_ended(simulated, *sessions)
    for event in ("session_started", "turn", "session_ended"):
        told = [one["session"] for one in lines(simulated, event)]
        ours = [session for session in told if session in sessions]
        assert ours == sessions, event


async def test_every_line_about_a_call_has_a_session(simulated: AuraProcess) -> None:
    async with calling(simulated.url, f"{DEMO}&greeting=0") as caller:
        session = (await caller.until("session"))["session"]
        await caller.speak(buzz(VOICE_MS) + silence(1200))
        await caller.until("ai_audio")
    await until_ended(simulated, session)
    for event in ("session_started", "turn", "session_ended"):
        assert session in [one.get("session") for one in lines(simulated, event)]
        assert all(one.get("session") for one in lines(simulated, event)), event


def told_by(aura: AuraProcess) -> list[dict[str, Any]]:
    """Return all structured lines of the log."""
    found = (line[line.index("{") :] for line in aura.said().splitlines() if '"event":' in line)
    return [json.loads(line) for line in found]


async def test_at_debug_level_each_line_of_a_call_has_its_session_and_a_turn_has_one_line(
    tmp_path: Path,
) -> None:
    aura = AuraProcess(tmp_path, env={**SIMULATED, "LOG_LEVEL": "DEBUG"})
    try:
        aura.wait_until_ready()
        before = len(told_by(aura))
        async with calling(aura.url, f"{DEMO}&greeting=0") as caller:
            await caller.speak(buzz(VOICE_MS) + silence(1200))
            await caller.until("ai_complete")
        async with asyncio.timeout(10):
            while not lines(aura, "session_ended"):
                await asyncio.sleep(0.05)
        during = told_by(aura)[before:]
    finally:
        aura.stop()
    assert {"session_started", "job_done", "turn", "session_ended"} <= {
        one["event"] for one in during
    }
    sessions = {one.get("session") for one in during}
    assert len(sessions) == 1, [one for one in during if not one.get("session")]
    assert None not in sessions
    [turn] = [one for one in during if one["event"] == "turn"]
    for step in WATERFALL:
        assert turn[step] is not None, step
    assert turn["stt_ms"] > 0


@pytest.mark.parametrize("path", ["/ws", f"{DEMO}&greeting=0"])
async def test_a_turn_may_be_typed(simulated: AuraProcess, path: str) -> None:
    async with calling(simulated.url, path) as caller:
        if path == "/ws":
            await caller.send({"type": "start_conversation"})
            await caller.until("conversation_started")
        await caller.send({"type": "text", "text": "What is the capital of France?"})
        kind, told = (
            ("transcript", "ai_response") if path == "/ws" else ("user_transcript", "ai_audio")
        )
        assert (await caller.until(kind))["text"] == "What is the capital of France?"
        assert await caller.until(told)
        await caller.send({"type": "text", "text": "  "})
        assert (await caller.until("error"))["code"] in {"PROCESSING_ERROR", "INVALID_TEXT"}


async def test_an_option_that_means_nothing_is_told(simulated: AuraProcess) -> None:
    async with calling(simulated.url, f"{DEMO}&greeting=0&egerness=low&audio=loud") as caller:
        await caller.until("error", 2)
        told = [(one["code"], one["details"]) for one in caller.told("error")]
        assert told == [
            ("INVALID_OPTION", "egerness is no option"),
            ("INVALID_OPTION", "audio must be chunks or sentences"),
        ]
