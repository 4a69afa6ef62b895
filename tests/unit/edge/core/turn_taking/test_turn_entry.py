"""A turn's words are entered once, with a response or without, and told to the client once."""

from __future__ import annotations

from typing import Any

import pytest

from edge.core.hearing.utterance import LONGEST_MS, SPLIT_MS
from edge.core.messages.client_events import (
    CallerStopped,
    CallerTranscript,
    ResponseStarted,
    Trouble,
    TurnHandedIn,
)
from edge.core.messages.inputs import (
    Commanded,
    Finished,
    ItemAdded,
    ItemRemoved,
    ResponseRequested,
    TurnDiscarded,
    TurnEnded,
    Typed,
)
from schemas import events as ev
from schemas.audio import BYTES_PER_MS
from schemas.control import End, Mute, Say
from schemas.events import Message
from tests.unit.edge.core.client_calls import BY_CLIENT, final, folded
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


@pytest.mark.parametrize("typed", [False, True])
def test_all_remarks_over_a_response_get_one_response(*, typed: bool) -> None:
    call = spoken(interruption__allowed=False)
    call.answers("It is Paris.")
    call.speaks(0, 9000)
    for words in ("And of Spain?", "I mean its capital."):
        call.says(800, words)
        call.quiet(1500)
    if typed:  # it interrupts, and its response is to the remarks too
        call.give(Typed("Madrid?"))
    call.quiet(9000)
    call.answers("It is Madrid.")
    call.speaks(0, 500)
    call.quiet(1500)
    assert len(call.events(ev.TurnTaken)) == 2
    remarks = [one.text for one in call.events(ev.TurnTaken)[-1].messages][2:]
    assert remarks == ["And of Spain?", "I mean its capital.", *["Madrid?"] * typed]


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
    assert [(one.text, one.continues, one.utterance) for one in told] == [
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


def test_a_turn_of_the_client_ends_when_it_says_so_and_no_pause_does() -> None:
    r = Rehearsal(**BY_CLIENT)
    r.says(800, QUESTION)
    r.quiet(5000)
    assert not r.events(ev.SpeechEnded)
    r.give(TurnEnded())
    assert r.told(TurnHandedIn) == [TurnHandedIn(1)]
    final(r, QUESTION)
    assert r.call.history.messages == [Message("user", QUESTION)]
    assert r.told(CallerTranscript)[-1].text == QUESTION
    assert not r.events(ev.TurnTaken)
    assert folded(r) == r.call.history.messages


def test_edits_are_published_as_they_were_made_and_none_that_was_not() -> None:
    r = Rehearsal()
    r.give(ItemAdded("a", "user", "First."))
    r.give(ItemAdded("a", "user", "The same key."))
    r.give(ItemAdded("b", "assistant", "Second.", "a"))
    r.give(ItemRemoved("a"))
    assert [(one.key, one.role, one.text, one.after) for one in r.events(ev.MessageAdded)] == [
        ("a", "user", "First.", None),
        ("b", "assistant", "Second.", "a"),
    ]
    assert [one.key for one in r.events(ev.MessageRemoved)] == ["a"]
    assert r.call.history.messages == [Message("assistant", "Second.")]


def test_words_that_never_come_are_told_and_the_client_may_go_on() -> None:
    r = Rehearsal(**BY_CLIENT)
    r.says(600)
    r.give(TurnEnded())
    r.wait(20_000)
    assert [one.stage for one in r.told(Trouble)] == ["stt"]
    r.give(ResponseRequested("a"))
    assert r.told(ResponseStarted)


def test_pending_turns_and_requests_end_with_the_call_and_requests_with_a_mute() -> None:
    r = Rehearsal(**BY_CLIENT)
    r.says(500)
    r.give(TurnEnded())
    r.give(ResponseRequested("a"))
    r.give(Commanded("c1", "op", Mute("assistant")))
    r.give(Commanded("c2", "op", Mute("assistant", muted=False)))
    assert r.call.awaits(1)
    r.give(Finished("caller_left"))
    assert not r.call.awaits(1)
    over = len(r.effects)
    final(r, QUESTION)
    assert (r.effects[over:], r.events(ev.TurnTaken)) == ([], [])


def test_a_speech_longer_than_an_utterance_may_be_is_recognised_in_parts() -> None:
    r = Rehearsal()
    r.burst(VOICE * ((LONGEST_MS + 1000) // 20))
    assert [e.utterance for e in r.events(ev.SpeechEnded)] == [1]
    sent = sum(len(frame.pcm) for number in (1, 2) for frame in r.audio_messages(number))
    assert LONGEST_MS + 900 <= sent // BYTES_PER_MS <= LONGEST_MS + 1000, "no audio is in both"
    r.says(1000)
    r.event(
        ev.TranscriptFinal,
        utterance=1,
        text="First part",
        confidence=0.9,
        audio_ms=LONGEST_MS,
        took_ms=1.0,
        model="m",
    )
    r.quiet(160)
    r.hears("and the second part.")
    r.quiet(800)
    assert [c.text for c in r.events(ev.TurnCommitted)] == ["First part and the second part."]


def test_who_makes_a_sound_without_words_after_a_long_speech_is_answered() -> None:
    r = Rehearsal()
    r.burst(VOICE * (SPLIT_MS // 20))
    r.quiet(160)
    r.hears("This is the first part.")
    r.says(100)
    r.quiet(160)
    r.hears("")
    r.quiet(600)
    assert [e.discarded for e in r.events(ev.SpeechEnded)] == [False, True]
    (*_, taken) = r.events(ev.TurnTaken)
    assert [m.text for m in taken.messages] == ["This is the first part."]
    assert not taken.speculative


@pytest.mark.parametrize(("utterance", "missed"), [(1, True), (2, False)])
def test_lost_words_of_the_open_utterance_end_it_and_the_response_to_its_first_words(
    utterance: int, *, missed: bool
) -> None:
    call = Rehearsal()
    call.says(600, QUESTION)
    call.quiet(200)
    call.event(ev.JobFailed, stage="stt", utterance=utterance, reason="it is broken")
    assert bool(call.told(Trouble)) is missed
    assert [one.discarded for one in call.events(ev.SpeechEnded)] == [True] * missed
    assert [one.reason for one in call.events(ev.ResponseCancelled)] == ["failed"] * missed
