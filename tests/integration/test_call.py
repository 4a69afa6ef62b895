"""`aura call` against a real edge: it stays until the answer was heard, and fails in one line."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.bus.connection import connect
from runtime.sessions.finding import decoded, sessions
from runtime.sessions.listing import SessionFilter
from runtime.sessions.spans import spans
from runtime.sessions.timeline import moments
from runtime.settings import load
from schemas.events import AnswerHeard, AnyEvent
from tests.aura_process import COMMAND, SIMULATED, AuraProcess
from tests.caller import buzz, silence, wav
from tests.ports import free_ports
from tests.session_log import end_of


@pytest.fixture
def question(tmp_path: Path) -> Path:
    """A short question."""
    (file := tmp_path / "question.wav").write_bytes(wav(buzz(900) + silence(200)))
    return file


@pytest.fixture
def speech(tmp_path: Path) -> Path:
    """A recording that is still being spoken when something happens to the call."""
    (file := tmp_path / "speech.wav").write_bytes(wav(buzz(10_000)))
    return file


def calls(aura: AuraProcess, file: Path, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, "call", str(file), "--url", aura.url, "--out", str(file.with_name("a")), *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "AURA_DATA_DIR": str(aura.data)},
        preexec_fn=_heeds_ctrl_c,  # noqa: PLW1509  # no other thread runs Python code meanwhile
    )


def _heeds_ctrl_c() -> None:
    """Undo what a shell does to what it starts in the background: to ignore SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def failed(call: subprocess.Popen[str]) -> str:
    """Return the one line that *call* says as it fails."""
    said, wrong = call.communicate(timeout=60)
    assert call.returncode == 1, said + wrong
    assert len(wrong.splitlines()) == 1, wrong
    line = wrong.strip()
    assert line.startswith("aura: ")
    assert "Traceback" not in said
    return line


async def newest(aura: AuraProcess, there: Callable[[list[AnyEvent]], bool]) -> list[AnyEvent]:
    """Return the events of the newest session, once *there* is true of them."""
    bus = await connect(load(nats_url=aura.nats_url, _env_file=None), "test")
    try:
        async with asyncio.timeout(20):
            while True:
                for row in (await sessions(bus, SessionFilter()))[:1]:
                    if there(events := list(decoded(await bus.session_events(row.session)))):
                        return events
                await asyncio.sleep(0.1)
    finally:
        await bus.close()


def is_over(events: list[AnyEvent]) -> bool:
    return end_of(events) is not None


@pytest.fixture
def alone(tmp_path: Path) -> AuraProcess:
    return AuraProcess(tmp_path / "aura", env=SIMULATED).wait_until_ready()


async def test_a_call_stays_until_the_answer_was_heard_to_its_end(
    simulated: AuraProcess, question: Path
) -> None:
    call = calls(simulated, question, "--json")
    said, wrong = await asyncio.to_thread(call.communicate, timeout=60)
    assert call.returncode == 0, wrong
    events = await newest(simulated, is_over)
    (heard,) = [event for event in events if isinstance(event, AnswerHeard)]
    assert heard.complete
    assert heard.text == json.loads(said)["answer"]
    assert [one.name for one in spans(moments(events)) if one.lane == "client"] == ["heard"]


async def test_ctrl_c_hangs_up(simulated: AuraProcess, speech: Path) -> None:
    call = calls(simulated, speech)
    events = await newest(simulated, lambda events: not is_over(events))
    call.send_signal(signal.SIGINT)
    _, wrong = await asyncio.to_thread(call.communicate, timeout=60)
    assert (call.returncode, wrong) == (130, "")
    ended = end_of(await newest(simulated, is_over))
    assert ended
    assert ended.session == events[0].session
    assert ended.reason == "end_call"


def test_a_refused_token_is_one_line(simulated: AuraProcess, question: Path) -> None:
    line = failed(calls(simulated, question, "--token", "wrong"))
    assert "the token or the agent was refused: give a --token" in line


def test_nobody_there_is_one_line(simulated: AuraProcess, question: Path) -> None:
    line = failed(calls(simulated, question, "--url", f"http://127.0.0.1:{free_ports()}"))
    assert "start one with `aura up`, or name one with --url" in line


def test_a_server_that_is_no_edge_is_one_line(simulated: AuraProcess, question: Path) -> None:
    line = failed(calls(simulated, question, "--url", "http://127.0.0.1:port"))
    assert "name one with --url" in line


async def test_an_edge_that_dies_in_the_call_is_one_line(alone: AuraProcess, speech: Path) -> None:
    try:
        call = calls(alone, speech)
        await newest(alone, lambda events: not is_over(events))
        os.kill(alone.children()["edge"], signal.SIGKILL)
        assert "the connection was lost" in await asyncio.to_thread(failed, call)
    finally:
        alone.stop()


async def test_a_bus_that_is_away_in_the_call_is_one_line(alone: AuraProcess, speech: Path) -> None:
    server = alone.children()["nats-server"]
    try:
        call = calls(alone, speech)
        await newest(alone, lambda events: not is_over(events))
        os.kill(server, signal.SIGSTOP)
        line = await asyncio.to_thread(failed, call)
        assert "Audio processing failed (AUDIO_ERROR): the event bus is away" in line
        assert "aura doctor" in line
    finally:
        os.kill(server, signal.SIGCONT)
        alone.stop()
