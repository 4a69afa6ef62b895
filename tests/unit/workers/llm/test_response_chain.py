"""A response in the log: each link names the one before it, and only one worker adds links."""

from __future__ import annotations

from typing import Any

import msgpack
import pytest

from runtime.bus.errors import FencedError
from schemas import events as ev
from schemas.tools import MOST_ARGUMENT_CHARS
from tests.unit.workers.fenced_log import HEAD, TURN, FencedLog, job
from workers.engines.protocols import FunctionCall, Switched, Usage
from workers.llm.response_chain import MOST_NAME_CHARS, ResponseChain

BOOK = FunctionCall("book", "{}")


def chain(log: FencedLog, **changes: Any) -> ResponseChain:
    return ResponseChain(job(log, **changes), "m")


def cancelled(turn: int) -> ev.ResponseCancelled:
    return ev.ResponseCancelled(**HEAD, turn=turn, reason="retracted")


def sentence(text: str, index: int = 0, turn: int = TURN) -> ev.ResponseSentence:
    return ev.ResponseSentence(
        **HEAD,
        turn=turn,
        index=index,
        text=text,
        first_token_ms=1.0,
        took_ms=1.0,
        model="m",
        deadline_ms=0,
    )


def called(number: int = 0) -> ev.ToolCalled:
    return ev.ToolCalled(
        **HEAD, turn=TURN, step=0, call=number, name="book", arguments="{}", model="m", took_ms=1.0
    )


def completed(turn: int = TURN) -> ev.ResponseCompleted:
    return ev.ResponseCompleted(
        **HEAD,
        turn=turn,
        sentences=1,
        text="",
        model="m",
        prompt_tokens=1,
        completion_tokens=1,
        took_ms=1.0,
    )


def kinds(log: FencedLog) -> list[str]:
    return [type(event).__name__ for event in log.events]


# ---------------------------------------------------------------- the links


async def test_a_response_is_its_sentences_and_their_end() -> None:
    log = FencedLog()
    response = chain(log)
    response.eot_llm = 0.75
    await response.say("Hello.", 12.5)
    await response.say("How are you?", 12.5)
    await response.complete(Usage(40, 7, "big"))
    first, second, end = log.events
    assert isinstance(first, ev.ResponseSentence)
    assert isinstance(second, ev.ResponseSentence)
    assert isinstance(end, ev.ResponseCompleted)
    assert (first.index, first.text, first.eot_llm) == (0, "Hello.", 0.75)
    assert (second.index, second.text, second.eot_llm) == (1, "How are you?", None)
    assert (first.language, first.voice, first.speed) == ("de", "eva", 1.5)
    assert (first.deadline_ms, first.first_token_ms, first.model) == (9000, 12.5, "m")
    assert (end.sentences, end.text, end.calls) == (2, "Hello. How are you?", 0)
    assert (end.prompt_tokens, end.completion_tokens, end.model) == (40, 7, "big")
    assert {(event.at_ms, event.took_ms) for event in (first, second, end)} == {(1250, 250.0)}


async def test_a_later_step_counts_on_from_the_sentences_of_the_earlier_ones() -> None:
    log = FencedLog()
    response = chain(log, step=1, first_index=2)
    await response.say("It is booked.", 1.0)
    await response.complete(Usage(1, 1, "m"))
    said, end = log.events
    assert isinstance(said, ev.ResponseSentence)
    assert isinstance(end, ev.ResponseCompleted)
    assert (said.index, end.sentences, end.text, end.step) == (2, 3, "It is booked.", 1)


async def test_calls_are_numbered_and_cut_just_above_their_limits() -> None:
    log = FencedLog()
    response = chain(log, step=1)
    await response.publish_call(FunctionCall("n" * 99, "a" * 99_999))
    await response.publish_call(BOOK)
    first, second = log.events
    assert isinstance(first, ev.ToolCalled)
    assert isinstance(second, ev.ToolCalled)
    assert (first.call, second.call, second.step, second.name) == (0, 1, 1, "book")
    assert (len(first.name), len(first.arguments)) == (
        MOST_NAME_CHARS,
        MOST_ARGUMENT_CHARS + 1,
    )


async def test_another_model_that_writes_from_here_on_is_told_and_named() -> None:
    log = FencedLog()
    response = chain(log)
    await response.switch(Switched("big", "small", "503"))
    await response.say("Hello.", 1.0)
    (told,) = log.published
    assert isinstance(told, ev.ModelSwitched)
    assert (told.wanted, told.model, told.reason) == ("big", "small", "503")
    (said,) = log.events
    assert isinstance(said, ev.ResponseSentence)
    assert said.model == "small"


# ---------------------------------------------------------------- earlier attempts


@pytest.mark.parametrize(
    ("before", "is_done"),
    [
        ((), False),
        ((sentence("Hello."),), False),
        ((sentence("Hello."), completed()), True),
        ((cancelled(TURN),), True),
        ((cancelled(TURN + 1),), True),
        ((cancelled(TURN - 1),), False),
        ((completed(TURN - 1),), False),
        ((called(),), True),  # its calls are known: the rest of it is not needed
    ],
)
async def test_a_response_that_is_over_is_not_written_again(
    before: tuple[ev.Event, ...], is_done: bool
) -> None:
    log = FencedLog(*before)
    assert await chain(log).is_done() is is_done
    calls = isinstance(before[-1], ev.ToolCalled) if before else False
    assert kinds(log)[len(before) :] == ["ResponseCompleted"] * calls


async def test_a_later_attempt_goes_on_after_the_sentences_of_the_earlier_one() -> None:
    log = FencedLog(cancelled(TURN - 1), sentence("Hello."))
    response = chain(log)
    assert not await response.is_done()
    await response.say("How are you?", 1.0)
    await response.complete(Usage(1, 1, "m"))
    *_, said, end = log.events
    assert isinstance(said, ev.ResponseSentence)
    assert isinstance(end, ev.ResponseCompleted)
    assert (said.index, end.text) == (1, "Hello. How are you?")


async def test_an_event_of_a_newer_version_is_passed_over() -> None:
    log = FencedLog(sentence("Hello."))
    log.add_raw(msgpack.packb({"type": "response.imagined", **HEAD, "turn": TURN}))
    response = chain(log)
    assert not await response.is_done()
    await response.say("How are you?", 1.0)
    assert kinds(log) == ["ResponseSentence"] * 2
    assert log.refused == 0


async def test_events_before_the_job_belong_to_no_attempt() -> None:
    log = FencedLog(sentence("Of long ago."))
    response = chain(log, seq=100)  # an operator retries the job
    assert not await response.is_done()
    assert response.state.sentences == ()
    await response.say("Hello.", 1.0)
    assert len(log.events) == 2


async def test_a_fresh_job_finds_out_before_its_first_link_that_another_has_begun() -> None:
    log = FencedLog(sentence("Hello."))
    with pytest.raises(FencedError, match="not the first"):
        await chain(log).say("Hello there.", 1.0)
    assert len(log.events) == 1


async def test_a_fresh_job_follows_the_responses_of_earlier_turns() -> None:
    log = FencedLog(completed(TURN - 1))
    await chain(log).say("Hello.", 1.0)
    assert kinds(log) == ["ResponseCompleted", "ResponseSentence"]


# ---------------------------------------------------------------- other writers


async def test_a_cancellation_ends_the_response_at_its_next_link() -> None:
    log = FencedLog()
    response = chain(log)
    await response.say("Hello.", 1.0)
    log.add(cancelled(TURN))
    with pytest.raises(FencedError):
        await response.say("How are you?", 1.0)
    assert kinds(log) == ["ResponseSentence", "ResponseCancelled"]


async def test_another_worker_that_goes_on_with_it_ends_it_here() -> None:
    log = FencedLog()
    response = chain(log)
    await response.say("Hello.", 1.0)
    log.add(sentence("I am somebody else.", 1))
    with pytest.raises(FencedError):
        await response.say("How are you?", 1.0)


async def test_news_of_another_response_do_not_end_this_one() -> None:
    log = FencedLog()
    response = chain(log)
    await response.say("Hello.", 1.0)
    log.add(cancelled(TURN - 1))
    await response.say("How are you?", 1.0)
    assert kinds(log) == ["ResponseSentence", "ResponseCancelled", "ResponseSentence"]


async def test_a_replica_that_was_behind_costs_no_response() -> None:
    log = FencedLog(completed(TURN - 2), completed(TURN - 1))
    log.behind = 1
    await chain(log, seq=100).say("Hello.", 1.0)
    assert kinds(log)[-1] == "ResponseSentence"
    assert log.refused == 1
