"""What a caller did is seen, decided again and replayed: a whole Aura with simulated engines."""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import wave
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from tests.aura_process import COMMAND, AuraProcess
from tests.caller import VOICE_MS
from tests.integration.recorded_calls import PATH, a_call, a_resumed_call, typed


class Recorded(NamedTuple):
    """Sessions that were held at once: each call takes its time."""

    one_turn: str
    two_turns: str
    with_sound: str
    forgotten: str
    other: str
    resumed: str


@pytest.fixture(scope="module")
def recorded(simulated: AuraProcess) -> Recorded:
    async def all_at_once() -> Recorded:
        calls = (
            a_call(simulated),
            a_call(simulated, turns=2),
            a_call(simulated, f"{PATH}&record=1"),
            *(a_call(simulated, turns=0) for _ in range(2)),
            a_resumed_call(simulated),
        )
        return Recorded(*await asyncio.gather(*calls))

    return asyncio.run(all_at_once())


@pytest.fixture
def one_turn(recorded: Recorded) -> str:
    """Return a session that is left as it is."""
    return recorded.one_turn


class Driven(NamedTuple):
    """What `aura replay --drive` said of three sessions: each takes as long as its call."""

    whole: subprocess.CompletedProcess[str]
    from_turn_2: subprocess.CompletedProcess[str]
    with_sound: subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def driven(simulated: AuraProcess, recorded: Recorded) -> Driven:
    two, sound = recorded.two_turns, recorded.with_sound
    branch = ("--from-turn", "2", "--stages", "tts", "--fail-on", "wer=0")

    async def drive(*asked: str) -> subprocess.CompletedProcess[str]:
        """Drive again where it differs: a machine that stands still decides otherwise, once."""
        for _ in range(3):
            done = await typed(simulated, "replay", *asked, "--drive", "--json")
            if done.returncode == 0:
                break
        return done

    async def all_at_once() -> Driven:
        drives = ((two, "--fail-on", "same=1"), (two, *branch), (sound, "--fail-on", "wer=0"))
        return Driven(*await asyncio.gather(*(drive(*one) for one in drives)))

    return asyncio.run(all_at_once())


async def listed(of: AuraProcess, *arguments: str) -> list[dict[str, Any]]:
    done = await typed(of, "sessions", "--json", *arguments)
    assert done.returncode == 0, done.stderr
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows


async def test_a_call_is_listed_drawn_and_decided_again_to_the_millisecond(
    simulated: AuraProcess, one_turn: str, tmp_path: Path
) -> None:
    session = one_turn
    (row,) = [one for one in await listed(simulated, "--interrupted") if one["session"] == session]
    assert row["tenant"] == "demo"
    assert row["turns"] >= 2
    assert row["interrupted"] >= 1
    assert row["slowest_ms"] > 0

    shown = await typed(simulated, "show", session)
    assert shown.returncode == 0, shown.stderr
    assert "Hello, how are you today?" in shown.stdout
    page = tmp_path / "call.html"
    assert (await typed(simulated, "show", session, "--html", str(page))).returncode == 0
    assert session in page.read_text(encoding="utf-8")

    again = await typed(simulated, "replay", session, "--decide", "--json")
    assert again.returncode == 0, again.stdout + again.stderr
    (verdict,) = json.loads(again.stdout)
    assert verdict["differences"] == []
    assert verdict["decisions"] > 10

    other = await typed(simulated, "replay", session, "--decide", "--eagerness", "low", "--json")
    assert other.returncode == 1
    (verdict,) = json.loads(other.stdout)
    assert "after 800 ms of silence" in verdict["differences"][0]["now"]


async def test_a_replay_is_published_as_a_session_of_its_own_that_no_worker_works_for(
    simulated: AuraProcess, one_turn: str
) -> None:
    session = one_turn
    done = await typed(simulated, "replay", session, "--publish", "--speed", "20")
    assert done.returncode == 0, done.stderr
    name = done.stdout.split(" as ")[1].split(" ")[0]
    rows = {row["session"]: row for row in await listed(simulated)}
    assert rows[name]["replay_of"] == session
    assert rows[name]["turns"] == rows[session]["turns"]
    once, again = [
        (await typed(simulated, "replay", one, "--json", "--speed", "1000")).stdout.splitlines()
        for one in (session, name)
    ]
    kinds = [[json.loads(line)["type"] for line in lines] for lines in (once, again)]
    assert sorted(kinds[0]) == sorted(kinds[1])


async def test_a_replay_keeps_the_pace_of_the_session(
    simulated: AuraProcess, one_turn: str
) -> None:
    process = await asyncio.create_subprocess_exec(
        *(*COMMAND, "replay", one_turn, "--json"),
        env={**os.environ, "AURA_DATA_DIR": str(simulated.data)},
        stdout=asyncio.subprocess.PIPE,
        limit=1_000_000,
    )
    assert process.stdout
    loop, late_ms = asyncio.get_running_loop(), []
    while line := await process.stdout.readline():
        late_ms.append(loop.time() * 1000 - json.loads(line)["at_ms"])
    assert await process.wait() == 0
    assert statistics.median(late_ms) - min(late_ms) < 40  # a busy machine delays some events


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("show", "nobody"), "aura sessions"),
        (("replay", "nobody", "--decide"), "aura sessions"),
        (("replay", "nobody", "--speed", "0"), "--speed"),
    ],
)
async def test_what_cannot_be_done_is_said_in_one_line(
    simulated: AuraProcess, arguments: tuple[str, ...], words: str
) -> None:
    done = await typed(simulated, *arguments)
    assert done.returncode == 1
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


async def test_a_driven_replay_of_deterministic_engines_is_the_same_event_by_event(
    simulated: AuraProcess, recorded: Recorded, driven: Driven
) -> None:
    done = driven.whole
    found = json.loads(done.stdout)
    assert found["events_other"] == []
    assert done.returncode == 0, done.stderr
    assert found["events_same"] == found["events"] > 40
    assert found["wer"] == 0
    rows = {row["session"]: row for row in await listed(simulated)}
    assert rows[found["replay"]]["replay_of"] == recorded.two_turns


async def test_a_replay_branches_at_a_turn_and_asks_only_the_stages_that_it_is_to(
    simulated: AuraProcess, driven: Driven
) -> None:
    done = driven.from_turn_2
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["turns"][0]["now"]["said"] == "Hello, how are you today?"
    lines = (await typed(simulated, "replay", found["replay"], "--json", "--speed", "1000")).stdout
    events = [json.loads(line) for line in lines.splitlines()]
    taken = [event for event in events if event["type"] == "turn.taken"]
    assert taken[0]["turn"] == 2
    assert taken[0]["recorded"] == ["stt", "llm", "tool"]
    assert len(taken[0]["messages"]) == 3  # the turn before is remembered
    spoken = {event["model"] for event in events if event["type"] == "speech.ready"}
    assert spoken == {"simulated-synthesizer"}


async def test_sound_is_kept_where_the_caller_agrees_and_a_replay_hears_it_again(
    simulated: AuraProcess, recorded: Recorded, driven: Driven, tmp_path: Path
) -> None:
    one_turn = recorded.one_turn
    refused = await typed(simulated, "export", one_turn, "--wav", str(tmp_path / "no.wav"))
    assert refused.returncode == 1
    assert "AURA_RECORD_AUDIO" in refused.stderr

    session = recorded.with_sound
    sound = tmp_path / "call.wav"
    done = await typed(simulated, "export", session, "--wav", str(sound))
    assert done.returncode == 0, done.stderr
    with wave.open(str(sound)) as file:
        assert (file.getnchannels(), file.getframerate()) == (2, 16000)
        both = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    loud_ms = [np.abs(both[:, side]).reshape(-1, 16).max(axis=1) > 500 for side in (0, 1)]
    caller, answer = (int(np.argmax(side)) for side in loud_ms)
    assert 60 <= caller <= 200  # it was silent for 100 ms
    assert caller + VOICE_MS + 300 < answer < caller + VOICE_MS + 2000
    assert loud_ms[1].sum() > 2000

    page = tmp_path / "call.html"
    assert (await typed(simulated, "show", session, "--html", str(page))).returncode == 0
    assert '"peaks":{"caller":"' in page.read_text(encoding="utf-8")
    shown = await typed(simulated, "show", session)
    assert "recording.consented" in shown.stdout
    assert "by the caller" in shown.stdout

    again = driven.with_sound
    assert again.returncode == 0, again.stderr
    assert "stt, llm, tts from its sound" in again.stderr
    found = json.loads(again.stdout)
    assert found["events_other"] == []

    gone = await typed(simulated, "forget", session)
    assert gone.returncode == 0, gone.stdout + gone.stderr
    assert "asked again, holds none" in gone.stdout
    assert (await typed(simulated, "show", session)).returncode == 1


async def test_a_session_that_was_resumed_is_decided_again_in_both_its_parts(
    simulated: AuraProcess, recorded: Recorded
) -> None:
    session = recorded.resumed
    again = await typed(simulated, "replay", session, "--decide", "--json")
    assert again.returncode == 0, again.stdout + again.stderr
    (verdict,) = json.loads(again.stdout)
    assert verdict["differences"] == []
    (row,) = [one for one in await listed(simulated) if one["session"] == session]
    assert row["turns"] == 2


async def test_what_is_forgotten_takes_its_replays_with_it(
    simulated: AuraProcess, recorded: Recorded
) -> None:
    session, other = recorded.forgotten, recorded.other
    copied = await typed(simulated, "replay", session, "--publish", "--speed", "50")
    copy = copied.stdout.split(" as ")[1].split(" ")[0]
    driven = await typed(simulated, "replay", copy, "--drive", "--json")
    of_copy = json.loads(driven.stdout)["replay"]

    gone = await typed(simulated, "forget", session)
    assert gone.returncode == 0, gone.stdout + gone.stderr
    assert f"{copy} goes too: it is a replay of {session}" in gone.stdout
    assert f"{of_copy} goes too: it is a replay of {copy}" in gone.stdout
    assert "3 sessions forgotten" in gone.stdout
    assert "aura export" in gone.stdout
    left = {row["session"] for row in await listed(simulated)}
    assert other in left
    assert not left & {session, copy, of_copy}

    for wrong in (["*"], [">"], ["--tenant", "*"], [other, "--user", "nobody"]):
        refused = await typed(simulated, "forget", *wrong)
        assert (refused.returncode, refused.stdout) == (1, "")
    assert other in {row["session"] for row in await listed(simulated)}
    for command in (["show"], ["export"], ["replay", "--decide"]):
        refused = await typed(simulated, *command, "*")
        assert "'*' is no valid id" in refused.stderr

    again = await typed(simulated, "replay", other, "--publish", "--speed", "50")
    copy = again.stdout.split(" as ")[1].split(" ")[0]
    (row,) = [one for one in await listed(simulated) if one["session"] == other]
    gone = await typed(simulated, "forget", "--user", row["user"])
    assert gone.returncode == 0, gone.stdout + gone.stderr
    assert not {row["session"] for row in await listed(simulated)} & {other, copy}
