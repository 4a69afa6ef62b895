"""Jobs that nobody can do end up in AURA_DEAD, and come back to work when an operator says so."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time

import nats
import pytest

from runtime.bus.connection import Bus
from runtime.bus.dead_letters import DeadLetter, DeadLetterError, again, dead_letter, dead_letters
from runtime.bus.durable_subscription import Group, StartPosition, join
from runtime.settings import Settings
from schemas import subjects
from schemas.events import Event, ResponseCancelled, ResponseSentence
from tests import forked_commands
from tests.at_work import turn, until_all_done, until_logged, working
from workers.engines.simulated import Fail, Fault, SimulatedLanguageModel, SimulatedSynthesizer
from workers.executor.engine_executor import EngineExecutor
from workers.llm.stage import LlmStage
from workers.tts.stage import TtsStage

NOW_MS = 1_000_000


def sentence(text: str, *, session: str = "s", deadline_ms: int = NOW_MS) -> ResponseSentence:
    return ResponseSentence(
        tenant="t",
        session=session,
        at_ms=NOW_MS,
        turn=1,
        index=0,
        text=text,
        first_token_ms=1,
        took_ms=1,
        model="m",
        deadline_ms=deadline_ms,
    )


def voice(fault: Fail = "none") -> TtsStage:
    engine = SimulatedSynthesizer(delay_ms=1, audio_ms=100, fault=Fault(fault))
    return TtsStage(engine, EngineExecutor(2, limit_s=5))


async def until_dead(bus: Bus, count: int = 1) -> list[DeadLetter]:
    async with asyncio.timeout(15):
        while len(letters := await dead_letters(bus)) < count:
            await asyncio.sleep(0.05)
    return letters


async def poisoned(bus: Bus, *events: Event) -> list[DeadLetter]:
    async with working(bus, voice("raise")):
        for event in events:
            await bus.publish(event)
        return await until_dead(bus, len(events))


async def test_a_job_that_fails_three_times_is_recorded_with_its_reason(bus: Bus) -> None:
    (letter,) = await poisoned(bus, sentence("poison"))
    assert letter.stage == "tts"
    assert letter.attempts == 3
    assert letter.reason == "EngineUnavailableError"
    assert (letter.tenant, letter.session) == ("t", "s")
    assert letter.event_id == "s.response.sentence.1.0"
    assert letter.event_type == "response.sentence"
    assert letter.in_log


async def test_a_job_that_every_worker_dies_of_is_recorded_too(
    bus: Bus, settings: Settings
) -> None:
    await bus.publish(sentence("poison"))
    pull = f"$JS.API.CONSUMER.MSG.NEXT.{subjects.EVENTS_STREAM}.TTS"
    worker = await nats.connect(settings.nats_url)
    inbox = worker.new_inbox()
    deliveries = await worker.subscribe(inbox)
    for _ in range(5):  # the fifth is refused, which is when the server records it
        await worker.publish(pull, b'{"batch":1,"expires":500000000}', reply=inbox)
        msg = await deliveries.next_msg(timeout=3)
        if msg.reply:
            await worker.publish(msg.reply, b"-NAK")
    await worker.close()
    (letter,) = await until_dead(bus)
    assert letter.reason == "given to 4 workers, answered by none"


async def test_a_mended_stage_does_the_job_when_it_is_driven_again(bus: Bus) -> None:
    (letter,) = await poisoned(bus, sentence("poison"))
    new = await again(bus, letter, now_ms=NOW_MS)
    assert new > letter.event_seq
    async with working(bus, voice()):
        await until_logged(bus, "s", "out", "speech.ready")
    assert await dead_letters(bus) == []


async def test_a_turn_that_the_edge_had_given_up_is_answered_when_driven_again(bus: Bus) -> None:
    job = turn("s", at_ms=NOW_MS, deadline_ms=NOW_MS)
    seq = await bus.publish(job)
    cancelled = ResponseCancelled(tenant="t", session="s", at_ms=NOW_MS, turn=1, reason="failed")
    await bus.publish(cancelled)
    letter = DeadLetter(1, "", "llm", seq, 3, "x", "t", "s", job.id, "turn.taken")
    model = LlmStage(SimulatedLanguageModel(first_ms=1, token_ms=1), limit_s=5)
    async with working(bus, model):
        await until_all_done(bus, "LLM")  # the first life of the job: nobody wants it
        await again(bus, letter, now_ms=NOW_MS)
        await until_logged(bus, "s", "say", "response.completed")


async def test_driving_a_record_again_twice_is_doing_it_once(bus: Bus) -> None:
    (letter,) = await poisoned(bus, sentence("poison"))
    first = await again(bus, letter, now_ms=NOW_MS)
    assert await again(bus, letter, now_ms=NOW_MS) == first


async def test_a_job_that_fails_again_is_a_new_record(bus: Bus) -> None:
    async with working(bus, voice("raise")):
        await bus.publish(sentence("poison"))
        (letter,) = await until_dead(bus)
        await again(bus, letter, now_ms=NOW_MS)
        async with asyncio.timeout(10):
            while not (letters := await dead_letters(bus)):
                await asyncio.sleep(0.05)
    assert letters[0].seq > letter.seq


async def test_a_job_whose_caller_is_long_gone_is_refused_unless_forced(bus: Bus) -> None:
    (letter,) = await poisoned(bus, sentence("poison"))
    with pytest.raises(DeadLetterError, match="stopped waiting 300 s ago; --force"):
        await again(bus, letter, now_ms=NOW_MS + 300_000)
    assert len(await dead_letters(bus)) == 1
    await again(bus, letter, now_ms=NOW_MS + 300_000, force=True)


async def test_an_event_that_a_group_gave_up_is_not_published_to_all_again(bus: Bus) -> None:
    await join(bus, Group("mine", ["aura.ev.>"], 30.0), StartPosition("all"))
    await bus.publish(sentence("Hello."))
    nc, inbox = bus.nats_client, bus.nats_client.new_inbox()
    arrives = await nc.subscribe(inbox)
    pull = f"$JS.API.CONSUMER.MSG.NEXT.{subjects.EVENTS_STREAM}.mine"
    await nc.publish(pull, b"", reply=inbox)
    await (await arrives.next_msg(timeout=10)).term()
    (letter,) = await until_dead(bus)
    with pytest.raises(DeadLetterError, match="subscribers mine gave the event up"):
        await again(bus, letter, now_ms=NOW_MS, force=True)


async def test_bytes_that_are_no_event_are_recorded_and_never_tried_again(bus: Bus) -> None:
    async with working(bus, voice()):
        await bus.publish_raw("aura.ev.t.s.say", b"\xc1", {})
        (letter,) = await until_dead(bus)
    assert letter.reason == "malformed"
    with pytest.raises(DeadLetterError, match="never readable"):
        await again(bus, letter, now_ms=NOW_MS, force=True)


def aura_dead(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {"NATS_URL": settings.nats_url, "PATH": "", "COLUMNS": "160"}
    return forked_commands.aura("dead", *arguments, env=env)


async def test_the_command_lists_retries_and_forgets(bus: Bus, settings: Settings) -> None:
    now_ms = int(time.time() * 1000)
    await poisoned(
        bus,
        sentence("poison", session="early", deadline_ms=now_ms - 3_600_000),
        sentence("poison", session="now", deadline_ms=now_ms),
    )

    async def command(*arguments: str) -> subprocess.CompletedProcess[str]:
        return await asyncio.to_thread(aura_dead, settings, *arguments)

    listed = [json.loads(line) for line in (await command("--json")).stdout.splitlines()]
    assert {one["session"] for one in listed} == {"early", "now"}
    table = (await command()).stdout
    assert "EngineUnavailableError" in table
    assert "poison" not in table, "nothing that was said is shown"

    done = await command("retry", "--all")
    assert done.returncode == 1
    assert "now.response.sentence.1.0 is a job again" in done.stdout
    assert "stopped waiting" in done.stderr
    (left,) = await dead_letters(bus)
    assert left.session == "early"

    assert (await command("retry")).stderr.startswith("aura: give a record")
    assert "there is no record 99" in (await command("retry", "99")).stderr
    assert (await command("forget", str(left.seq))).stdout == "1 forgotten.\n"
    assert (await command()).stdout == "No job was given up.\n"
    with pytest.raises(DeadLetterError):
        await dead_letter(bus, left.seq)
