"""The fence refuses what is stale, and only that: a copy that was behind costs no answer."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from typing import Any

import msgspec
import pytest

from runtime.bus.connection import Bus
from runtime.bus.errors import BusRefusedError, FencedError
from schemas import subjects
from schemas.events import ResponseCancelled, ResponseSentence, TurnCommitted, TurnTaken
from tests.at_work import turn, types
from workers.engines.simulated import SimulatedLanguageModel
from workers.llm.stage import LlmStage
from workers.loop.stage import FRESH_JOB_S, JobContext

WHOSE: dict[str, Any] = {"tenant": "t", "session": "s", "at_ms": 1}
SAY = subjects.session_events("t", "s", "say")


async def a_turn(
    bus: Bus, number: int, *, waited_s: float = 2 * FRESH_JOB_S
) -> JobContext[TurnTaken]:
    job = turn("s", turn=number)
    return JobContext(job, await bus.publish(job), 1, bus, time.monotonic(), waited_s)


async def answer_while(bus: Bus, cancelled_turn: int) -> None:
    """Answer turn 5; while the model thinks, somebody writes on the same subject."""
    task = await a_turn(bus, 5)
    stage = LlmStage(SimulatedLanguageModel(first_ms=300, token_ms=1), limit_s=5)
    running = asyncio.create_task(stage.run(task))
    await asyncio.sleep(0.1)
    await bus.publish(ResponseCancelled(**WHOSE, turn=cancelled_turn, reason="retracted"))
    await running


async def test_news_of_an_older_turn_do_not_end_this_answer(bus: Bus) -> None:
    await answer_while(bus, 4)
    said = await types(bus, "s", "say")
    assert said == ["response.cancelled", "response.sentence", "response.completed"]


async def test_a_cancellation_of_this_turn_does(bus: Bus) -> None:
    with pytest.raises(FencedError):
        await answer_while(bus, 5)
    assert await types(bus, "s", "say") == ["response.cancelled"]


async def test_a_sentence_whose_ack_was_lost_is_stored_whatever_followed_it(bus: Bus) -> None:
    sentence = ResponseSentence(
        **WHOSE, turn=5, index=0, text="Hello.", first_token_ms=1.0, took_ms=1.0, model="m",
        deadline_ms=0,
    )  # fmt: skip
    seq = await bus.publish_fenced(sentence, 0)
    await bus.publish(ResponseCancelled(**WHOSE, turn=4, reason="retracted"))
    assert await bus.publish_fenced(sentence, 0) == seq
    other = msgspec.structs.replace(sentence, text="Goodbye.")
    with pytest.raises(FencedError):
        await bus.publish_fenced(other, 0)


async def test_what_the_stream_refuses_for_its_size_is_refused_and_not_away(bus: Bus) -> None:
    config = (await bus.api(f"STREAM.INFO.{subjects.EVENTS_STREAM}"))["config"]
    await bus.api(f"STREAM.UPDATE.{subjects.EVENTS_STREAM}", {**config, "max_msg_size": 300})
    with pytest.raises(BusRefusedError):
        await bus.publish(
            TurnCommitted(**WHOSE, turn=4, text="x" * 300, confidence=1.0, speculative=False)
        )
    with pytest.raises(BusRefusedError):
        await bus.store(subjects.session_events("t", "s", "life"), bytes(300), {})


async def test_a_fresh_job_whose_answer_is_there_already_adds_nothing(bus: Bus) -> None:
    """What begins before it has looked finds out before its first word is stored."""
    task = await a_turn(bus, 5)
    stage = LlmStage(SimulatedLanguageModel(first_ms=1, token_ms=1), limit_s=5)
    await stage.run(task)
    before = await types(bus, "s", "say")
    with pytest.raises(FencedError):
        await stage.run(dataclasses.replace(task, waited_s=0.0))
    assert await types(bus, "s", "say") == before


async def test_a_fresh_job_is_answered_behind_what_was_said_before_it(bus: Bus) -> None:
    await bus.publish(ResponseCancelled(**WHOSE, turn=4, reason="retracted"))
    task = await a_turn(bus, 5)
    model = SimulatedLanguageModel(first_ms=1, token_ms=1)
    await LlmStage(model, limit_s=5).run(dataclasses.replace(task, waited_s=0.0))
    said = await types(bus, "s", "say")
    assert said == ["response.cancelled", "response.sentence", "response.completed"]


async def test_a_refusal_names_the_newest_sequence_and_a_reader_waits_for_it(bus: Bus) -> None:
    await bus.publish(ResponseCancelled(**WHOSE, turn=1, reason="failed"))
    seq = await bus.publish(ResponseCancelled(**WHOSE, turn=2, reason="failed"))
    sentence = ResponseSentence(
        **WHOSE, turn=3, index=0, text="", first_token_ms=0, took_ms=0, model="", deadline_ms=0
    )
    with pytest.raises(FencedError) as refused:
        await bus.publish_fenced(sentence, seq - 1)
    assert refused.value.newest == seq
    newest = await bus.last(SAY, at_least=seq)
    assert newest
    assert newest.seq == seq
    before = time.monotonic()
    assert await bus.last(SAY, at_least=seq + 1)  # never comes: the newest there is, 2 s later
    assert 0.8 < time.monotonic() - before < 3
