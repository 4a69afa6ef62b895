"""Telephone calls over SIP: Debian's `baresip` and `sipp` call, and are called, on loopback."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas import events as ev
from tests.caller import buzz, silence
from tests.ports import free_ports
from tests.session_log import end_of
from tests.sip_caller import SCENARIO, needs_baresip, needs_sipp, telephone
from tests.sip_exchange import Exchange

pytest.importorskip("baresip", reason="NOT TESTED HERE: the extra `sip` is not installed")


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    exchange = Exchange(tmp_path_factory.mktemp("sip"))
    try:
        exchange.start()
        yield exchange
    finally:
        exchange.stop()


def keys_in(events: list[ev.AnyEvent]) -> str:
    return "".join(one.keys for one in events if isinstance(one, ev.KeysPressed))


@needs_baresip
async def test_a_telephone_calls_is_greeted_asks_presses_and_hangs_up(
    exchange: Exchange, tmp_path: Path
) -> None:
    before = len(await exchange.sessions(tmp_path))
    says = silence(1600) + buzz(900) + silence(20_000)
    async with telephone(tmp_path / "ada", says) as ada:
        await ada.do("dial", f"sip:5551234@127.0.0.1:{exchange.port}")
        await ada.until("CALL_ESTABLISHED")
        await ada.until_loud(1900)  # the greeting, and the answer
        await ada.do("sndcode", "4")
        await ada.do("sndcode", "#")
        await asyncio.sleep(0.5)
        await ada.do("hangup")
        events = (await exchange.ended(tmp_path, before + 1))[-1]
        loud_ms = ada.loud_ms()
    started, ended = events[0], end_of(events)
    assert isinstance(started, ev.SessionStarted)
    assert (started.protocol, started.tenant) == ("sip", "default")
    heard = [one for one in events if isinstance(one, ev.AnswerHeard)]
    assert [one.complete for one in heard[:2]] == [True, True]
    assert keys_in(events) == "4#"
    assert ended
    assert ended.reason == "end_call"
    assert loud_ms == pytest.approx(2000, abs=120)


@needs_baresip
async def test_a_caller_who_holds_the_call_hears_the_rest_afterwards(
    exchange: Exchange, tmp_path: Path
) -> None:
    before = len(await exchange.sessions(tmp_path))
    async with telephone(tmp_path / "ada", silence(30_000)) as ada:
        await ada.do("dial", f"sip:5551234@127.0.0.1:{exchange.port}")
        await ada.until("CALL_ESTABLISHED")
        await ada.until_loud(100)
        await ada.do("hold")
        await asyncio.sleep(1.5)
        assert ada.loud_ms() < 1000  # of the greeting
        await ada.do("resume")
        await asyncio.sleep(1.5)
        await ada.do("hangup")
        events = (await exchange.ended(tmp_path, before + 1))[-1]
    (greeted,) = [one for one in events if isinstance(one, ev.AnswerHeard)]
    assert greeted.complete
    assert greeted.at_ms - events[0].at_ms > 2200  # a second of it, and the hold


GREETING_MS = 900
"""So much of a greeting of a second is heard for certain."""
AGENT = """
prompt: You answer the telephone.
greeting: Hello.
tools: [send_dtmf, end_call]
phones: {desk: "%s"}
"""


@needs_baresip
async def test_a_called_telephone_is_pressed_for_transferred_and_hung_up_on(
    exchange: Exchange, tmp_path: Path
) -> None:
    before = len(await exchange.sessions(tmp_path))
    quiet = silence(60_000)
    async with (
        telephone(tmp_path / "desk", quiet, answers=True) as desk,
        telephone(tmp_path / "ada", quiet, answers=True) as ada,
    ):
        file = tmp_path / "caller.yaml"
        file.write_text(AGENT % desk.address)
        applied = await asyncio.to_thread(exchange.aura.run, "agents", "apply", str(file))
        assert applied.returncode == 0, applied.stderr
        start = ("calls", "start", "--to", ada.address, "--agent", "caller")
        placed = await asyncio.to_thread(exchange.aura.run, *start)
        assert placed.returncode == 0, placed.stderr
        session = placed.stdout.strip()
        await ada.until("CALL_ESTABLISHED")
        await ada.until_loud(GREETING_MS)
        await ada.do("sndcode", "8")
        for _ in range(100):
            if len(ada.keys) == 3:
                break
            await asyncio.sleep(0.1)
        assert ada.keys == ["4", "2", "#"]
        await asyncio.sleep(1.5)
        await ada.do("sndcode", "7")
        await desk.until("CALL_ESTABLISHED")
        events = (await exchange.ended(tmp_path, before + 1))[-1]
    assert events[0].session == session
    called = [one.name for one in events if isinstance(one, ev.ToolCalled)]
    assert called == ["send_dtmf", "transfer"]
    assert end_of(events)


@needs_baresip
async def test_the_agent_hangs_up(exchange: Exchange, tmp_path: Path) -> None:
    async with telephone(tmp_path / "ada", silence(60_000), answers=True) as ada:
        start = ("calls", "start", "--to", ada.address, "--agent", "caller")
        assert (await asyncio.to_thread(exchange.aura.run, *start)).returncode == 0
        await ada.until_loud(GREETING_MS)
        await ada.do("sndcode", "9")
        await ada.until("CALL_CLOSED")


@needs_baresip
async def test_a_call_that_nobody_answers_is_told(exchange: Exchange, tmp_path: Path) -> None:
    async with telephone(tmp_path / "ada", silence(1000)) as ada:
        starting = asyncio.create_task(
            asyncio.to_thread(exchange.aura.run, "calls", "start", "--to", ada.address)
        )
        await ada.until("CALL_INCOMING")
        await ada.do("hangup")
        told = await starting
        assert told.returncode == 1
        assert "busy" in told.stderr, told.stderr
    told = await asyncio.to_thread(exchange.aura.run, "calls", "start", "--to", "file:/etc/passwd")
    assert told.returncode == 1
    assert "refused" in told.stderr, told.stderr


@needs_sipp
async def test_many_call_at_once_and_a_killed_worker_costs_none(
    exchange: Exchange, tmp_path: Path
) -> None:
    before, calls = len(await exchange.sessions(tmp_path)), 12
    scenario = tmp_path / "caller.xml"
    scenario.write_text(SCENARIO)
    process = await asyncio.create_subprocess_exec(
        "sipp", f"127.0.0.1:{exchange.port}", "-sf", str(scenario), "-m", str(calls), "-r", "12",
        "-i", "127.0.0.1", "-p", str(free_ports()), "-s", "5551234", "-nostdin", "-timeout", "30",
        "-mp", str(free_ports(60)),
        cwd=tmp_path, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    await asyncio.sleep(1.5)
    os.kill(exchange.aura.children()["worker tts"], signal.SIGKILL)
    _, wrong = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, wrong.decode()[-2000:]
    over = (await exchange.ended(tmp_path, before + calls))[before:]
    assert len({events[0].session for events in over}) == calls
    for events in over:
        ended = end_of(events)
        assert ended
        assert ended.reason == "end_call"
    assert "call_broken" not in exchange.said()


def test_without_the_extra_the_command_says_what_to_install() -> None:
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; sys.modules['baresip'] = None; sys.argv[1:] = ['sip']\n"
            "from aura.cli.main import main; main()",
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert told.returncode != 0
    assert "pip install 'aura-voice[sip]'" in told.stderr
