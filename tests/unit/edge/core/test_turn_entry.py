"""A turn's words are entered once, with a response or without, and told to the client once."""

from __future__ import annotations

from typing import Any

import pytest

from edge.core.client_events import CallerStopped, CallerTranscript, ResponseStarted
from edge.core.hearing.utterance import SPLIT_MS
from edge.core.inputs import Commanded, TurnDiscarded, Typed
from schemas import events as ev
from schemas.control import End, Mute, Say
from schemas.events import Message
from tests.unit.edge.core.rehearsal import VOICE, Rehearsal

QUESTION = "What is the capital of France?"


def spoken(**changes: Any) -> Rehearsal:
    """Return a call whose caller has spoken a turn, and nothing answered."""
    call = Rehearsal(**changes)
    call.says(800, QUESTION)
    call.quiet(1500)
    return call


def finals(call: Rehearsal) -> list[str]:
    return [told.text for told in call.told(CallerTranscript) if told.final]


def test_a_spoken_turn_is_told_before_its_response_and_committed_once() -> None:
    call = spoken()
    assert finals(call) == [QUESTION]
    assert [told.turn for told in call.told(ResponseStarted)] == [1]
    assert [one.text for one in call.events(ev.TurnCommitted)] == [QUESTION]


def test_a_turn_without_a_response_by_itself_is_entered_as_a_message() -> None:
    call = spoken(turns__respond=False)
    assert finals(call) == [QUESTION]
    assert call.call.history.messages == [Message("user", QUESTION)]
    assert not call.events(ev.TurnTaken)


def test_a_turn_to_a_muted_assistant_is_entered_and_counted() -> None:
    call = Rehearsal()
    call.give(Commanded("c1", "op", Mute("assistant")))
    call.says(800, QUESTION)
    call.quiet(1500)
    assert finals(call) == [QUESTION]
    assert [one.turn for one in call.events(ev.TurnCommitted)] == [1]
    assert not call.events(ev.TurnTaken)


def test_a_typed_turn_discards_the_open_utterance() -> None:
    call = Rehearsal()
    call.says(500)
    call.give(Typed("Hello."))
    assert [told.discarded for told in call.told(CallerStopped)] == [True]
    assert finals(call) == ["Hello."]


@pytest.mark.parametrize("texts", [("One.",), ("One.", "Two.")])
def test_typed_turns_during_a_firm_response_wait_for_its_end_in_order(
    texts: tuple[str, ...],
) -> None:
    call = Rehearsal()
    call.give(Commanded("c1", "op", Say("Please hold the line.", interruptible=False)))
    for text in texts:
        call.give(Typed(text))
    assert finals(call) == []
    call.speaks(0, 500, turn=call.events(ev.ControlSpoken)[-1].turn)
    call.wait(2000)
    assert finals(call) == [texts[0]]


def test_a_discarded_utterance_retracts_its_speculative_response() -> None:
    call = Rehearsal()
    call.says(600, QUESTION)
    call.quiet(200)
    assert [taken.speculative for taken in call.events(ev.TurnTaken)] == [True]
    call.give(TurnDiscarded())
    assert [one.reason for one in call.events(ev.ResponseCancelled)] == ["retracted"]
    assert [one.discarded for one in call.events(ev.SpeechEnded)] == [True]
    assert finals(call) == []


def test_a_turn_over_a_response_that_is_not_interrupted_is_answered_after_it() -> None:
    call = spoken(interruption__allowed=False)
    call.answers("It is Paris.")
    call.speaks(0, 3000)
    call.says(800, "And of Spain?")
    call.quiet(1500)
    assert finals(call) == [QUESTION, "And of Spain?"]
    assert len(call.events(ev.TurnTaken)) == 1
    call.quiet(2000)
    assert [one.text for one in call.events(ev.TurnTaken)[-1].messages] == [
        QUESTION,
        "It is Paris.",
        "And of Spain?",
    ]


def test_a_part_of_a_long_turn_is_told_as_a_turn_that_goes_on() -> None:
    call = Rehearsal()
    call.burst(VOICE * (SPLIT_MS // 20))
    call.quiet(200)
    call.hears("The first part.")
    call.says(300)
    call.quiet(200)
    call.hears("And the second.")
    call.quiet(1500)
    told = [one for one in call.told(CallerTranscript) if one.final]
    assert [(one.text, one.goes_on, one.utterance) for one in told] == [
        ("The first part.", False, 1),
        ("And the second.", True, 2),
    ]
    assert [one.discarded for one in call.told(CallerStopped)] == [False, False]
    assert call.told(CallerStopped)[0].ago_ms == 260, "the pause, and the onset after it"


def test_a_call_that_ends_forgets_the_typed_turns_that_wait() -> None:
    call = Rehearsal()
    call.give(Commanded("c1", "op", Say("Please hold the line.", interruptible=False)))
    call.give(Typed("One."))
    call.give(Commanded("c2", "op", End()))
    call.wait(20_000)
    assert finals(call) == []


def test_a_turn_typed_to_a_muted_assistant_is_entered_alone() -> None:
    call = Rehearsal()
    call.give(Commanded("c1", "op", Mute("assistant")))
    call.give(Typed("Hello."))
    assert finals(call) == ["Hello."]
    assert call.call.history.messages == [Message("user", "Hello.")]
    assert not call.told(ResponseStarted)


def test_without_speculation_the_response_is_asked_for_once_at_the_end_of_the_turn() -> None:
    call = spoken(turns__speculate=False)
    assert [one.speculative for one in call.events(ev.TurnTaken)] == [False]
    assert [one.text for one in call.events(ev.TurnCommitted)] == [QUESTION]
    assert finals(call) == [QUESTION]
