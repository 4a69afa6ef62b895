"""Responses: asked of the language model, given as words, continued, and committed."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from edge.core.messages.client_events import Interrupted, ResponseRefused, ResponseStarted
from edge.core.messages.inputs import ResponseRequested
from edge.core.response.request import Origin
from edge.core.response.response import Response, ResponsePhase
from edge.core.session.unfinished_response import Progress, UnfinishedResponse
from schemas import events as ev
from schemas.control import Instruct, Say
from schemas.events import Message
from tests.unit.edge.core.response.requester_bench import (
    BEFORE,
    BOOK,
    CONFIG,
    LATE,
    NOW_MS,
    Bench,
    guess,
    texts,
    utterance,
)
from tests.unit.edge.core.response.tool_bench import call_of

# ---------------------------------------------------------------- the commit


def test_a_commit_enters_the_turn_and_lets_it_be_heard() -> None:
    bench = Bench()
    bench.history.carry("I want")
    response = bench.requester.respond_to(utterance(), guess("a table."), NOW_MS, speculative=True)
    bench.requester.commit(response, NOW_MS + 300)
    (committed,) = bench.of(ev.TurnCommitted)
    assert committed == ev.TurnCommitted(
        tenant="t",
        session="s",
        at_ms=NOW_MS + 300,
        turn=2,
        text="I want a table.",
        confidence=0.8,
        speculative=True,
    )
    assert response.phase is ResponsePhase.COMMITTED
    assert response.times_ms["committed_ms"] == 800.0
    assert response.waiting_since_ms == NOW_MS + 300
    assert bench.history.carried == []


def test_a_message_that_is_added_after_the_commit_waits_for_the_end_of_the_turn() -> None:
    bench = Bench()
    bench.requester.commit(bench.requester.respond_to_typed("Hello?", NOW_MS), NOW_MS)
    bench.history.add("k", "user", "One more thing.")
    assert bench.history.messages == list(BEFORE)
    bench.history.turn_over()
    assert texts(tuple(bench.history.messages))[-1] == "One more thing."


def test_calls_of_a_guessed_turn_run_with_its_commit() -> None:
    bench = Bench(tools=[msgspec.to_builtins(BOOK)])
    response = bench.requester.respond_to(utterance(), guess("Book it."), NOW_MS, speculative=True)
    response.steps.read(call_of("book"))
    assert not bench.of(ev.ToolRequested)
    bench.requester.commit(response, NOW_MS + 300)
    kinds = [type(event) for event in bench.events]
    assert kinds.index(ev.TurnCommitted) < kinds.index(ev.ToolRequested)


# ---------------------------------------------------------------- responses without a turn


def test_a_requested_response_is_committed_at_once_under_the_clients_name() -> None:
    bench = Bench()
    bench.requester.respond(ResponseRequested("ask_1"), NOW_MS)
    assert bench.job().messages == BEFORE
    assert bench.told == [ResponseStarted(2, "ask_1")]
    assert [one.turn for one in bench.of(ev.TurnCommitted)] == [2]
    assert (response := bench.current.response)
    assert (response.request.origin, response.request.in_conversation) == (Origin.REQUESTED, True)


def test_a_requested_response_takes_the_carried_words_along() -> None:
    bench = Bench()
    bench.history.carry("I want a table.")
    bench.requester.respond(ResponseRequested("ask_1"), NOW_MS)
    assert texts(bench.job().messages)[-1] == "I want a table."
    assert bench.of(ev.TurnCommitted)[0].text == "I want a table."


def test_a_requested_response_to_other_messages_leaves_the_conversation_alone() -> None:
    bench = Bench()
    bench.history.carry("I want a table.")
    messages = (Message("user", "Classify: table"),)
    other = CONFIG.but({"response.model": "other", "voice.delivery": "text"})
    asked = ResponseRequested("ask_1", other, messages, in_conversation=False)
    bench.requester.respond(asked, NOW_MS)
    job = bench.job()
    assert (job.messages, job.llm_model, job.text_only) == (messages, "other", True)
    assert bench.of(ev.TurnCommitted)[0].text == ""
    assert bench.told == [ResponseStarted(2, "ask_1", "text")]
    assert (response := bench.current.response)
    assert response.request.origin is Origin.APART


def test_the_conversation_gets_one_response_then_each_request_of_the_client_one() -> None:
    bench = Bench()
    bench.history.queued.wants_response = True
    bench.requester.queue(ResponseRequested("ask_1"), NOW_MS)
    bench.requester.respond_to_queued(NOW_MS)
    bench.requester.queue(ResponseRequested("ask_2"), NOW_MS + 1)
    bench.requester.respond_to_queued(NOW_MS)  # the first is not over
    bench.current.response = None
    bench.requester.respond_to_queued(NOW_MS)
    assert bench.told == [ResponseStarted(2, ""), ResponseStarted(3, "ask_1")]
    bench.history.control.muted.add("assistant")
    bench.requester.queue(ResponseRequested("ask_3"), NOW_MS + 2)
    assert [one.ask for one in bench.history.queued.responses.values()] == ["ask_2"]
    bench.requester.refuse_queued()
    assert bench.told[-2:] == [ResponseRefused("ask_3"), ResponseRefused("ask_2")]
    assert not bench.history.queued.has_responses


def test_the_result_of_a_background_call_gets_a_response_without_words() -> None:
    bench = Bench()
    bench.history.late_results = [LATE]
    bench.requester.respond(ResponseRequested(""), NOW_MS)
    assert bench.job().messages == (*BEFORE, LATE)
    assert bench.told == [ResponseStarted(2)]
    assert bench.of(ev.TurnCommitted)[0].text == ""


def test_an_instruction_is_the_last_message_and_is_not_kept() -> None:
    bench = Bench()
    bench.history.carry("I want")
    bench.history.control.note("c1", Instruct("Ask for the number of guests.", respond=True))
    bench.requester.follow("Ask for the number of guests.", "c1", NOW_MS)
    assert texts(bench.job().messages)[-2:] == ["I want", "Ask for the number of guests."]
    assert [one.command_id for one in bench.of(ev.ControlSpoken)] == ["c1"]
    assert bench.of(ev.TurnCommitted)[0].text == "I want"
    assert bench.told == [ResponseStarted(2)]
    assert bench.history.control.waiting == []
    assert bench.history.messages == list(BEFORE)


# ---------------------------------------------------------------- turns without a response


def test_a_turn_that_gets_no_response_is_entered() -> None:
    bench = Bench()
    bench.history.carry("I want")
    unsent = bench.requester.enter("a table.", 0.7, NOW_MS)
    committed, heard = bench.events
    assert isinstance(committed, ev.TurnCommitted)
    assert (committed.turn, committed.text, committed.confidence) == (2, "I want a table.", 0.7)
    assert not committed.speculative
    assert heard == ev.AnswerHeard(
        tenant="t", session="s", at_ms=NOW_MS, turn=2, text="", complete=False, played_ms=0
    )
    assert bench.history.messages == [*BEFORE, Message("user", "I want a table.")]
    assert unsent == "a table.", "the client was told the carried words before"
    assert (bench.history.turn, bench.current.response, bench.history.carried) == (2, None, [])


# ---------------------------------------------------------------- given words


@pytest.mark.parametrize(
    ("delivery", "read"),
    [("chunks", False), ("sentences", False), ("whole", False), ("text", True)],
)
def test_a_greeting_is_one_sentence_of_turn_0_that_may_wait_for_the_client(
    delivery: str, read: bool
) -> None:
    bench = Bench(voice__delivery=delivery, response__greeting_wait_ms=700)
    bench.requester.greet("Hello. I am Aura. " * 9, NOW_MS)
    sentence, end = bench.events
    assert isinstance(sentence, ev.ResponseSentence)
    assert (sentence.turn, sentence.index, sentence.text_only) == (0, 0, read)
    assert (sentence.text, sentence.is_fixed) == ("Hello. I am Aura. " * 9, True)
    assert (sentence.language, sentence.voice, sentence.speed) == ("de", "eva", 1.25)
    assert sentence.deadline_ms == NOW_MS + 9000
    assert isinstance(end, ev.ResponseCompleted)
    assert (end.sentences, end.text, end.model) == (1, sentence.text, "")
    assert (response := bench.current.response)
    assert (response.request.origin, response.phase) == (Origin.GREETING, ResponsePhase.COMMITTED)
    assert response.not_before_ms == NOW_MS + 700
    assert (bench.history.turn, bench.told) == (1, [])


@pytest.mark.parametrize(("firm", "origin"), [(False, Origin.GIVEN), (True, Origin.FIRM)])
def test_given_words_are_a_turn_of_their_own_in_pieces(firm: bool, origin: Origin) -> None:
    bench = Bench()
    words = ["A colleague of mine takes over in a moment, please hold the line.", "Thank you."]
    bench.history.control.note("c1", Say(" ".join(words)))
    bench.requester.say(" ".join(words), NOW_MS, firm=firm, command_id="c1")
    spoken, *sentences, end = bench.events
    assert isinstance(spoken, ev.ControlSpoken)
    assert (spoken.turn, spoken.command_id) == (2, "c1")
    assert [one.text for one in bench.of(ev.ResponseSentence)] == words
    assert [one.index for one in bench.of(ev.ResponseSentence)] == [0, 1]
    assert len(sentences) == 2
    assert isinstance(end, ev.ResponseCompleted)
    assert (end.sentences, end.text) == (2, " ".join(words))
    assert bench.told == [ResponseStarted(2)]
    assert bench.current.response
    request = bench.current.response.request
    assert (request.origin, request.firm) == (origin, firm)
    assert list(bench.history.control.being_spoken) == [2]


# ---------------------------------------------------------------- another connection


def unfinished(**changes: Any) -> UnfinishedResponse:
    unfinished = UnfinishedResponse(
        turn=1,
        caller_words="Where am I?",
        confidence=0.9,
        since_ms=NOW_MS - 3000,
        reached=1,
        sentences={0: "In Paris.", 1: "In spring."},
    )
    for name, value in changes.items():
        setattr(unfinished, name, value)
    return unfinished


def test_the_rest_of_a_response_goes_on_and_its_words_are_no_longer_carried() -> None:
    bench = Bench()
    bench.history.carried = ["Where am I?", "And when?"]
    bench.requester.speak_on(unfinished(), NOW_MS)
    response = bench.current.response
    assert response
    assert (response.turn, response.request.origin, response.reached) == (1, Origin.RESUMED, 1)
    assert (bench.history.carried, bench.events) == (["And when?"], [])


@pytest.mark.parametrize(
    ("changes", "cancelled", "complete"),
    [({"since_ms": NOW_MS - 600_000}, True, False), ({"progress": Progress.ALL_SENT}, False, True)],
)
def test_a_response_without_a_rest_is_ended(
    changes: dict[str, Any], cancelled: bool, complete: bool
) -> None:
    bench = Bench()
    bench.requester.speak_on(unfinished(**changes), NOW_MS)
    assert bench.current.response is None
    assert len(bench.of(ev.ResponseCancelled)) == cancelled
    assert [type(one) for one in bench.told] == [Interrupted] * cancelled
    assert [one.complete for one in bench.of(ev.AnswerHeard)] == [complete]


# ---------------------------------------------------------------- the end of turn, by the model


def asked(bench: Bench, *, ask_eot: bool = True) -> Response:
    words = guess("I want")
    return bench.requester.respond_to(utterance(), words, NOW_MS, speculative=True, ask_eot=ask_eot)


def test_the_probability_is_awaited_until_the_first_sentence() -> None:
    bench = Bench()
    assert (bench.requester.eot_llm, bench.requester.eot_pending) == (None, False)
    response = asked(bench)
    assert bench.requester.eot_pending
    response.sentences.at(0).text, response.sentences.eot_llm = "What do you want?", 0.9
    assert (bench.requester.eot_llm, bench.requester.eot_pending) == (0.9, False)


def test_a_model_that_gave_none_is_asked_again_once_the_configuration_changes() -> None:
    bench = Bench()
    asked(bench)
    bench.requester.note_eot(None)
    assert not bench.requester.eot_pending
    bench.requester.note_eot(0.0)
    assert bench.requester.eot_pending
    bench.requester.note_eot(None)
    bench.config.current = CONFIG.but({"response.model": "other"})
    assert bench.requester.eot_pending


@pytest.mark.parametrize(("is_set", "is_asked"), [(False, True), (True, False)])
def test_nothing_is_awaited_if_the_model_is_not_asked(*, is_set: bool, is_asked: bool) -> None:
    bench = Bench(turns__ask_eot=is_set)
    asked(bench, ask_eot=is_asked)
    assert not bench.requester.eot_pending
