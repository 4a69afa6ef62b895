"""A response moves from phase to phase as its drawing says; its origin tells what it counts for."""

from __future__ import annotations

import dataclasses
from typing import get_args

import pytest

from edge.core.messages.client_events import ResponseDone
from edge.core.messages.inputs import ResponseRequested, Truncated
from edge.core.response.request import Origin
from edge.core.response.response import GONE_ON_MS, Mark, ResponseMove, ResponsePhase
from runtime.moves import IllegalMoveError
from schemas import events as ev
from tests.unit.edge.core.aura_side import AuraSide

_, COMMITTED, ALL_SENT, REWOUND = ResponsePhase


def test_the_marks_are_the_times_of_the_measured_turn() -> None:
    fields = [name for name in ev.TurnMeasured.__struct_fields__ if name.endswith("_ms")]
    assert sorted(get_args(Mark)) == sorted(set(fields) - {"at_ms"})


def test_a_response_that_is_committed_twice_raises_and_stays_as_it_is() -> None:
    response = AuraSide().responds("It is fine.")
    with pytest.raises(IllegalMoveError, match="COMMIT in COMMITTED"):
        response.move(ResponseMove.COMMIT)
    assert response.phase is COMMITTED


def test_a_response_that_is_rewound_is_sent_again_and_told_and_measured_once() -> None:
    aura = AuraSide()
    response = aura.responds("It is fine.", ms=2000)
    aura.passes(1900)
    assert response.phase is ALL_SENT
    aura.current.suspect(aura.now_ms)
    aura.current.stop(aura.now_ms)
    assert response.phase is REWOUND
    aura.current.dismiss(aura.now_ms)
    aura.passes(5000)
    assert aura.sent_ms > 2000
    assert len(aura.told(ResponseDone)) == len(aura.published(ev.TurnMeasured)) == 1
    assert [one.complete for one in aura.published(ev.AnswerHeard)] == [True]


def test_a_response_of_which_more_is_to_come_is_rewound_without_another_phase() -> None:
    aura = AuraSide()
    response = aura.responds("It is fine.", ms=2000)
    response.rewind(aura.now_ms)
    assert response.phase is COMMITTED


def test_a_response_that_was_sent_whole_is_not_measured_again_when_the_client_cuts_it() -> None:
    aura = AuraSide()
    response = aura.responds("It is fine.", ms=2000)
    aura.passes(1900)
    aura.current.truncate(Truncated(response.turn, 1000), aura.now_ms)
    assert aura.current.response is None
    assert [one.interrupted for one in aura.published(ev.TurnMeasured)] == [False]


@pytest.mark.parametrize("in_conversation", [True, False])
def test_a_response_apart_is_not_part_of_the_conversation(*, in_conversation: bool) -> None:
    aura = AuraSide()
    aura.requester.respond(ResponseRequested("a", in_conversation=in_conversation), aura.now_ms)
    response = aura.current.response
    assert response is not None
    assert response.request.in_conversation == in_conversation
    aura.writes(response.turn, "It is fine.")
    aura.speaks(response.turn, 0, 1000)
    aura.passes(2000)
    assert bool(aura.history.messages) == in_conversation


def test_given_words_have_no_waiting_caller_and_are_not_continued() -> None:
    aura = AuraSide()
    aura.requester.greet("Hello.", aura.now_ms)
    aura.speaks(0, 0, 1000)
    aura.passes(3000)
    aura.requester.say("One moment.", aura.now_ms, firm=False)
    for response, origin in (
        (aura.current.last, Origin.GREETING),
        (aura.current.response, Origin.GIVEN),
    ):
        assert response is not None
        assert response.request.origin is origin
        assert not response.is_gone_on_from(aura.now_ms)


def test_a_turn_goes_on_after_the_first_sound_where_it_was_spoken_and_not_where_typed() -> None:
    for origin, goes_on in ((Origin.SPOKEN, True), (Origin.TYPED, False), (Origin.RESUMED, False)):
        response = AuraSide().responds("It is fine.")
        response.request = dataclasses.replace(response.request, origin=origin)
        first_ms = response.request.speech_end_ms + int(response.times_ms["first_sent_ms"])
        assert response.is_gone_on_from(first_ms + GONE_ON_MS) == goes_on
        assert not response.is_gone_on_from(first_ms + GONE_ON_MS + 1)


def test_the_caller_heard_a_question_if_all_of_it_was_sent_and_heard_by_then() -> None:
    for words, asks in (("Where to?", True), ("It is fine.", False)):
        aura = AuraSide()
        response = aura.responds(words, ms=2000)
        until_ms = aura.now_ms + 2000
        assert not response.asks_until(until_ms)  # more of it is to be sent
        aura.passes(1900)
        assert response.asks_until(until_ms) == asks
        assert not response.asks_until(until_ms - 1)


def test_the_model_is_waited_for_once_the_words_before_its_tool_were_sent() -> None:
    aura = AuraSide("sentences", tools=[{"name": "book"}])
    response = aura.asks(speculative=False)
    aura.requester.commit(response, aura.now_ms)
    assert not response.waits_for_model  # it is the first step, in which nothing was said yet
    aura.calls(response.turn, "book", "Let me see.")
    aura.returns(response.turn, "booked")
    assert not response.waits_for_model
    aura.speaks(response.turn, 0, 500)
    aura.passes(20)
    assert response.waits_for_model
    assert response.sentences.written == 1
