"""Calls into Parquet files, and the report that is drawn from them."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from runtime.bus.connection import Bus
from runtime.settings import Settings
from schemas import codec, subjects
from schemas import events as ev
from schemas.agent import AgentUsed
from schemas.control import Say
from schemas.inputs import PARTIAL, InputRow, pack
from schemas.session_config import SessionConfig
from schemas.tools import ToolConfig
from tests import forked_commands
from tests.aura_process import COMMAND, SIMULATED, AuraProcess
from tests.caller import VOICE_MS, buzz, calling, silence
from tests.integration.subscriber_place import as_user, make_places
from tests.ports import free_ports
from workers.analytics import warehouse

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def aura(*arguments: str, env: dict[str, str], cwd: Path) -> subprocess.CompletedProcess[str]:
    return forked_commands.aura(*arguments, env={**os.environ, **env}, cwd=cwd)


def a_call(number: int, at: datetime) -> list[ev.Event]:
    """Return what a call of one turn leaves in the log, as far as the report asks for it."""
    at_ms = int(at.timestamp() * 1000)
    whose: dict[str, Any] = {
        "tenant": "acme" if number % 2 else "zeta",
        "session": f"s{number}",
        "at_ms": at_ms,
    }
    return [
        ev.SessionStarted(
            **whose, user="someone@acme", protocol="continuous", edge="e",
            config=SessionConfig().but({"response.system_prompt": "Be secret."}),
        ),
        ev.TranscriptFinal(
            **whose, utterance=1, text="My secret.", confidence=0.9, audio_ms=2000, took_ms=9.0,
            model="m",
        ),
        ev.ResponseCompleted(
            **whose, turn=1, sentences=1, text="A secret.", model="gpt-oss-120b",
            prompt_tokens=1000, completion_tokens=100, took_ms=1.0,
        ),
        ev.TurnMeasured(
            **whose, turn=1, first_sent_ms=800.0 + number, speculations=2, retracted=1,
        ),
        # after the last of the answer was handed out: the turn was measured before
        ev.ResponseCancelled(
            **whose, turn=1, reason="interrupted" if number == 0 else "hung_up"
        ),
        ev.InputsDelivered(
            **whose, section=0, from_ms=at_ms, frames=0, voice=b"",
            rows=pack([InputRow(at_ms, PARTIAL, (1, 0, "My secret"))], at_ms),
        ),
        ev.AnswerHeard(**whose, turn=1, text="A secret.", complete=True, played_ms=3000),
        ev.TroubleTold(**whose, stage="stt", reason="no words came within 15 s"),
    ]  # fmt: skip


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A warehouse of 40 calls over ten days, every file written twice."""
    folder = tmp_path / "kept"
    start = datetime.now(UTC) - timedelta(days=10)
    events = [e for n in range(40) for e in a_call(n, start + timedelta(hours=6 * n))]
    for _ in range(2):
        warehouse.write(folder, events, NOW)
    return folder


def test_an_event_that_was_written_twice_counts_once(kept: Path) -> None:
    with warehouse.database(kept) as db:
        assert db.execute("SELECT count(*) FROM events").fetchone() == (320,)
        assert db.execute("SELECT count(*), sum(turns) FROM sessions").fetchone() == (40, 40)
        row = db.execute("SELECT * FROM turns WHERE session = 's7'").fetchone()
        assert row is not None
        names = [column[0] for column in db.description or ()]
        spoken_over = db.execute("SELECT session FROM turns WHERE interrupted").fetchall()
        assert spoken_over == [("s0",)]
        over = db.execute("SELECT session FROM sessions WHERE interruptions > 0").fetchall()
        assert over == [("s0",)]
    turn = dict(zip(names, row, strict=True))
    assert (turn["first_sent_ms"], turn["played_ms"], turn["prompt_tokens"]) == (807, 3000, 1000)


def test_a_turn_with_several_steps_and_a_return_is_one_turn(tmp_path: Path) -> None:
    events = a_call(1, NOW)
    completed = next(event for event in events if isinstance(event, ev.ResponseCompleted))
    heard = next(event for event in events if isinstance(event, ev.AnswerHeard))
    events += [
        msgspec.structs.replace(completed, step=1, model="fallback", prompt_tokens=1500),
        msgspec.structs.replace(heard, earlier_connections=1, played_ms=500),
    ]
    warehouse.write(tmp_path, events, NOW)
    with warehouse.database(tmp_path) as db:
        turns = db.execute("SELECT played_ms, model, prompt_tokens FROM turns").fetchall()
    assert turns == [(3500, "fallback", 2500)]


def test_no_words_and_nobodys_name_are_kept(kept: Path) -> None:
    for file in kept.rglob("*.parquet"):
        data = file.read_bytes().lower()
        assert b"secret" not in data
        assert b"someone" not in data
    private = {"text", "messages", "system", "user", "rows", "rules"}
    assert not private & set(warehouse.columns())


def test_what_tools_commands_and_agents_are_told_is_not_kept() -> None:
    whose: dict[str, Any] = {"tenant": "acme", "session": "s1", "at_ms": 1}
    call: dict[str, Any] = {**whose, "turn": 1, "step": 0, "call": 0}
    agent = AgentUsed(name="host", revision=3, variables={"guest": "someone"})
    told: list[ev.Event] = [
        ev.SessionStarted(**whose, user="someone", protocol="continuous", edge="e", agent=agent),
        ev.ToolCalled(**call, name="book", arguments="secret", model="m", took_ms=1),
        ev.ToolRequested(
            **call, tool=ToolConfig(name="book", target="secret"), arguments="secret", deadline_ms=1
        ),
        ev.ToolReturned(**call, name="book", result="secret", took_ms=1),
        ev.ToolFailed(**call, name="book", reason="refused", detail="secret"),
        ev.ControlReceived(**whose, command_id="c", by="someone", command=Say("secret")),
        ev.MessageAdded(**whose, key="item_1", role="user", text="secret", after="secret"),
        ev.RequestQueued(**whose, text="secret", ask="secret"),
    ]
    for event in told:
        row = str(warehouse.row(event))
        assert "secret" not in row
        assert "someone" not in row
    assert warehouse.row(told[3])["name"] == "book"


def test_the_report_is_one_page_that_needs_nothing_else(kept: Path, tmp_path: Path) -> None:
    page = tmp_path / "r.html"
    done = aura("report", "--data", str(kept), "--html", str(page), "--from", "beginning",
                env={}, cwd=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = re.sub(" +", " ", done.stdout)
    assert "right of 80 speculative turns 50%" in said
    assert "interruptions 1\n" in said
    assert re.findall(r"(s\d+) .* turn \d+ \d+ ms", said) == [f"s{n}" for n in range(39, 29, -1)]
    assert len(re.findall(r"s\d+ .* stt, errors: 1", said)) == 10, "of 40; the page has them"
    html = page.read_text(encoding="utf-8")
    assert html.count('role="img"') == 6
    slowest = html.split("<h2>The slowest calls")[1].split("<h2>Failed calls")[0]
    assert re.findall(r"<td>(s\d+)</td>", slowest) == [f"s{n}" for n in range(39, 29, -1)]
    assert "839 ms" in slowest
    failed = html.split("<h2>Failed calls")[1].split("<h2>The steps of a turn")[0]
    assert len(re.findall(r"<td>s\d+</td>", failed)) == 40
    assert "<td>stt</td>" in failed
    assert "http:" not in html
    assert "https:" not in html
    assert "<script" not in html
    # 20 calls of 1000 prompt and 100 completion tokens, at 0.35 and 0.75 USD a million
    assert "<td>0.0085</td>" in html
    only = aura("report", "--data", str(kept), "--html", str(page), "--tenant", "acme",
                "--from", "30d", env={}, cwd=tmp_path)  # fmt: skip
    assert re.search("sessions +20\n", only.stdout)


def test_a_report_of_nothing_says_what_to_do(kept: Path, tmp_path: Path) -> None:
    for arguments, said in (
        (("--data", str(tmp_path / "empty")), "aura worker analytics"),
        (("--data", str(kept), "--from", "1s"), "choose another"),
        (("--data", str(kept), "--from", "soon"), "how long ago"),
        (("--data", str(kept), "--html", "/nowhere/r.html"), "No such file"),
    ):
        done = aura("report", *arguments, env={}, cwd=tmp_path)
        assert done.returncode == 1
        assert said in done.stderr
        assert len(done.stderr.splitlines()) == 1


async def test_a_call_is_in_the_report_when_the_worker_has_left(tmp_path: Path) -> None:
    running = AuraProcess(tmp_path, env=SIMULATED).wait_until_ready()
    env = {"AURA_DATA_DIR": str(running.data), "AURA_ANALYTICS_DIR": str(tmp_path / "numbers")}
    try:
        async with calling(running.url, "/ws/voice/continuous?token=demo_token&greeting=0") as one:
            await one.speak(buzz(VOICE_MS) + silence(1500))
            await one.until("ai_complete")
            await one.send({"type": "end_call"})
            await asyncio.wait_for(one.ws.wait_closed(), 5)
        worker = await asyncio.create_subprocess_exec(
            *(*COMMAND, "worker", "analytics", "--module", "workers.analytics.warehouse"),
            *("--from", "beginning"),
            env={**os.environ, **env},
            stdout=asyncio.subprocess.PIPE,
        )
        assert worker.stdout
        while b"warehouse_opened" not in await worker.stdout.readline():
            pass
        await asyncio.sleep(1)
        worker.terminate()
        assert await asyncio.wait_for(worker.wait(), 15) == 0
    finally:
        running.stop()
    done = aura("report", "--from", "1h", env=env, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert re.search("turns +1\n", done.stdout)
    assert (tmp_path / "report.html").exists()


async def test_sessions_are_counted_for_prometheus(bus: Bus, settings: Settings) -> None:
    """The shipped subscriber, in its own process; events that come twice count once."""
    from tests.integration.test_metrics import Scrape  # noqa: PLC0415  # only here

    port = free_ports()
    env = {**as_user(settings), "AURA_METRICS_PORT": str(port)}
    await make_places(settings, "--module", "workers.analytics.metrics")
    worker = await asyncio.create_subprocess_exec(
        *(*COMMAND, "worker", "analytics", "--module", "workers.analytics.metrics"),
        env={**os.environ, **env},
        stdout=asyncio.subprocess.PIPE,
    )
    assert worker.stdout
    while b"worker_ready" not in await worker.stdout.readline():
        pass
    try:
        for event in a_call(1, NOW):  # driven again: a session of its own that nobody held
            await bus.publish(msgspec.structs.replace(event, session="r_1"))
        for event in a_call(2, NOW):  # imported, or a replay that was published
            head = {**codec.headers(event), codec.COPY_HEADER: event.session}
            await bus.publish_raw(subjects.event(event), codec.encode(event), head)
        for event in a_call(0, NOW):
            await bus.publish(event)
        async with asyncio.timeout(5):
            while Scrape(port).get("aura_session_errors_total{stage=stt}") != 1:
                await asyncio.sleep(0.1)
        found = Scrape(port)
        assert found["aura_session_wait_seconds_sum"] == 0.8
        assert found["aura_session_talk_seconds_total{who=aura}"] == 3
        assert found["aura_session_guesses_total{outcome=wrong}"] == 1
        assert found["aura_session_interruptions_total{outcome=meant}"] == 1
        assert found["aura_subscriber_events_total{outcome=done,subscriber=metrics}"] == 7
    finally:
        worker.terminate()
        await worker.wait()
