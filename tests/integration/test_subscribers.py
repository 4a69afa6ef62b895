"""Subscribers as processes of their own, against a real server: nothing is missed, nobody waits."""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
from pathlib import Path

import msgspec
import pytest

from runtime.bus.connection import Bus
from runtime.settings import Settings
from schemas import subjects
from schemas.events import TurnMeasured
from tests.aura_process import COMMAND, AuraProcess
from tests.caller import VOICE_MS, buzz, calling, silence
from tests.integration.subscriber_place import WHOSE, Place, words


@pytest.fixture
def place(tmp_path: Path, settings: Settings) -> Place:
    folder = tmp_path / "of_mine"
    folder.mkdir()
    return Place(folder, settings)


async def publish(bus: Bus, numbers: range) -> None:
    for first in range(numbers.start, numbers.stop, 500):
        some = range(first, min(first + 500, numbers.stop))
        await asyncio.gather(*(bus.publish(words(number)) for number in some))


async def test_killed_in_the_middle_and_away_for_10000_events_it_has_seen_each(
    bus: Bus, place: Place
) -> None:
    run = ("--module", "mine:on_words")
    first = await place.start(*run)
    await publish(bus, range(500))
    publishing = asyncio.create_task(publish(bus, range(500, 10_000)))
    await place.until(600)
    first.send_signal(signal.SIGKILL)
    await first.wait()
    seen = len(place.lines())
    await publishing
    assert seen < 10_000, "it was killed in the middle"
    async with place.running(*run), asyncio.timeout(40):
        while len(set(place.lines())) < 10_000:
            await asyncio.sleep(0.1)
    found = place.lines()
    assert set(found) == {words(number).id for number in range(10_000)}
    assert len(found) < 10_000 + 100, "only what it had in hand came twice"


async def test_members_of_a_group_share_the_load_and_groups_do_not(bus: Bus, place: Place) -> None:
    run = ("--module", "mine:on_words")
    async with place.running(*run), place.running(*run), place.running(*run, "--group", "other"):
        await publish(bus, range(300))
        await place.until(600)
        await asyncio.sleep(0.3)
    found = place.lines()
    assert len(found) == 600
    assert all(found.count(one) == 2 for one in set(found)), "once a group"


async def test_a_new_group_begins_where_it_is_told_and_then_goes_on(bus: Bus, place: Place) -> None:
    await publish(bus, range(10))
    run = ("--module", "mine:on_words", "--group")
    async with place.running(*run, "late"):
        await bus.publish(words(10))
        assert await place.until(1) == [words(10).id]
    await bus.publish(words(11))
    async with place.running(*run, "late", "--from", "beginning"):
        await place.until(2)
        await asyncio.sleep(0.2)
    assert place.lines() == [words(10).id, words(11).id], "it was there before: it goes on"
    for number, start in enumerate(("beginning", "1h"), 1):
        async with place.running(*run, f"early-{number}", "--from", start):
            await place.until(2 + 12 * number)


async def test_a_handler_that_raises_is_called_again_and_not_for_ever(
    bus: Bus, place: Place
) -> None:
    async with place.running("--module", "mine:on_words") as process:
        await bus.send_raw(subjects.session_events("t", "s", "heard"), b"\xc1 no event")
        for number, text in enumerate(("poison", "never", "Good."), 1):
            await bus.publish(words(number, text))
        await place.until(5)
        async with asyncio.timeout(10):
            while await given_up(bus) < 3:  # twice given up, once malformed
                await asyncio.sleep(0.05)
        process.terminate()
        assert process.stdout
        log = (await process.stdout.read()).decode()
    found = place.lines()
    assert found.count(f"try {words(1).id}") == 3
    assert found.count(f"try {words(2).id}") == 1
    assert found.count(words(3).id) == 1
    assert '"gave_up": true' in log
    assert "poison" not in log, "what was said stays out of the log"
    assert await given_up(bus) == 3


async def given_up(bus: Bus) -> int:
    dead = await bus.api(f"STREAM.INFO.{subjects.DEAD_STREAM}")
    return int(dead["state"]["messages"])


async def test_only_the_events_of_one_tenant_where_asked_for(bus: Bus, place: Place) -> None:
    async with place.running("--module", "mine:of_acme"):
        await bus.publish(words(1))
        await bus.publish(msgspec.structs.replace(words(2), tenant="acme"))
        assert await place.until(1) == [f"acme {words(2).id}"]


async def test_events_come_in_batches_where_asked_for(bus: Bus, place: Place) -> None:
    async with place.running("--module", "mine:batches"):
        for turn in range(50):
            await bus.publish(TurnMeasured(**WHOSE, turn=turn))
        async with asyncio.timeout(10):
            while sum(int(line.split()[1]) for line in place.lines()) < 50:
                await asyncio.sleep(0.05)
    assert len(place.lines()) < 25


async def test_live_hears_what_is_said_now_and_leaves_nothing_behind(
    bus: Bus, place: Place
) -> None:
    await bus.publish(words(1))
    async with place.running("--module", "mine:on_words", "--live"):
        await bus.publish(words(2))
        assert await place.until(1) == [words(2).id]
    found = await bus.api(f"CONSUMER.NAMES.{subjects.EVENTS_STREAM}", {"offset": 0})
    assert set(found["consumers"]) == {"STT", "LLM", "TOOL", "TTS", "HOOK"}


async def test_what_cannot_run_is_said_in_one_line(place: Place) -> None:
    for arguments, said in (
        ((), "which subscribers?"),
        (("--module", "nobody"), "no module 'nobody'"),
        (("--module", "mine", "--from", "tomorrow"), "how long ago"),
        (("--module", "mine", "--live", "--from", "beginning"), "--live"),
    ):
        process = await asyncio.create_subprocess_exec(
            *(*COMMAND, "worker", "analytics", *arguments),
            cwd=place.out.parent,
            env={**os.environ, **place.env, "OUT": str(place.out)},
            stderr=asyncio.subprocess.PIPE,
        )
        _, error = await process.communicate()
        assert process.returncode == 1
        assert said in error.decode()
        assert len(error.splitlines()) == 1


async def test_who_only_reads_is_told_who_makes_its_place_in_the_log(
    bus: Bus, place: Place
) -> None:
    del bus  # it is provisioned
    process = await asyncio.create_subprocess_exec(
        *(*COMMAND, "worker", "analytics", "--module", "mine:on_words"),
        cwd=place.out.parent,
        env={**os.environ, **place.env, "OUT": str(place.out)},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, error = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 1
    assert b"aura provision" in error
    assert len(error.splitlines()) == 1


async def test_a_subscriber_that_sleeps_slows_no_call(
    simulated: AuraProcess, tmp_path: Path, settings: Settings
) -> None:
    """It sleeps a second an event, which a turn that waited for it would wait at least."""
    place = Place(tmp_path, settings)
    place.env = {"AURA_DATA_DIR": str(simulated.data)}
    without = await waits_ms(simulated)
    async with place.running("--module", "mine:sleeper", "--from", "beginning"):
        with_it = await waits_ms(simulated)
    assert statistics.median(with_it) < statistics.median(without) + 500  # of a busy machine


async def waits_ms(aura: AuraProcess) -> list[float]:
    async def one() -> float:
        path = "/ws/voice/continuous?token=demo_token&greeting=0&audio=chunks&metrics=1"
        async with calling(aura.url, path) as caller:
            await caller.speak(buzz(VOICE_MS) + silence(1200))
            return float((await caller.until("turn_metrics"))["first_sent_ms"])

    return list(await asyncio.gather(*(one() for _ in range(6))))
