"""A client that types, commits, cancels, tells what it played, presses keys; a session set anew."""

from __future__ import annotations

import pytest

from edge.core.endpointing.end_of_turn import WAITS
from edge.core.messages.client_events import CallerTranscript, Interrupted, ResponseStarted, Speech
from edge.core.messages.inputs import (
    BackgroundAlone,
    Cancelled,
    ClientToolResult,
    Commanded,
    ItemAdded,
    ItemRemoved,
    KeyPressed,
    Played,
    Reconfigured,
    ResponseRequested,
    Truncated,
    TurnDiscarded,
    TurnEnded,
    Typed,
)
from schemas import events as ev
from schemas.control import Mute, Say
from schemas.events import Message
from tests.unit.edge.core.client_calls import BY_CLIENT, final
from tests.unit.edge.core.rehearsal import Rehearsal, config

QUESTION = "What is the capital of France?"


def responding(turn_ms: int = 3000) -> Rehearsal:
    """Return a call in which a response is being heard."""
    r = Rehearsal()
    r.says(800, QUESTION)
    r.quiet(600)
    r.answers("It is Paris, and it has been for long.")
    r.speaks(0, turn_ms)
    r.quiet(1000)
    return r


def test_a_typed_turn_is_certain_at_once_and_answered_like_any_other() -> None:
    r = Rehearsal()
    r.give(Typed("What is the capital of Spain?"))
    (taken,) = r.events(ev.TurnTaken)
    assert (taken.speculative, taken.messages[-1].text) == (False, "What is the capital of Spain?")
    assert r.events(ev.TurnCommitted)[0].text == "What is the capital of Spain?"
    assert r.told(CallerTranscript)[-1].final
    r.answers("It is Madrid.")
    r.speaks(0, 400)
    r.quiet(600)
    assert r.spoken_ms() == 400
    assert r.call.history.messages == [
        Message("user", "What is the capital of Spain?"),
        Message("assistant", "It is Madrid."),
    ]


def test_a_typed_turn_interrupts_the_response_that_is_heard() -> None:
    r = responding()
    r.give(Typed("And of Spain?"))
    (interrupted,) = r.told(Interrupted)
    assert interrupted.heard.startswith("It is Paris")
    assert r.events(ev.TurnTaken)[-1].messages[-1].text == "And of Spain?"


def test_a_typed_turn_ends_the_utterance_that_is_open() -> None:
    r = Rehearsal()
    r.says(500)
    r.give(Typed("Never mind."))
    assert r.events(ev.SpeechEnded)[-1].discarded
    assert not r.call.listening


def test_a_client_that_commits_waits_for_words_alone() -> None:
    r = Rehearsal()
    r.says(800)
    r.give(TurnEnded())
    r.quiet(60)
    assert r.events(ev.SpeechPaused)
    r.hears("I would like to")  # would be listened to for long
    assert r.events(ev.TurnCommitted)[-1].text == "I would like to"


def test_a_commit_in_a_pause_ends_the_turn_whose_words_are_known() -> None:
    r = Rehearsal()
    r.says(800, "I would like to")
    r.quiet(100)
    assert not r.events(ev.TurnCommitted)
    r.give(TurnEnded())
    assert r.events(ev.TurnCommitted)


def test_speech_after_a_commit_gets_the_usual_wait() -> None:
    r = Rehearsal()
    r.says(800)
    r.give(TurnEnded())
    r.says(600)
    r.quiet(160)
    r.hears("I would like to")
    assert not r.events(ev.TurnCommitted)


def test_a_commit_or_a_cancel_of_nothing_changes_nothing() -> None:
    r = Rehearsal()
    before = len(r.effects)
    r.give(TurnEnded())
    r.give(Cancelled())
    r.give(Played(3, 100))
    assert len(r.effects) == before


def test_a_client_cancels_the_response_and_what_was_heard_is_history() -> None:
    r = responding()
    r.give(Cancelled())
    assert r.events(ev.ResponseCancelled)[-1].reason == "interrupted"
    heard = r.events(ev.AnswerHeard)[-1]
    assert not heard.complete
    assert 0 < len(heard.text.split()) < 8
    sent = r.spoken_ms()
    r.quiet(2000)
    assert r.spoken_ms() == sent


def test_the_played_audio_told_by_the_client_counts_as_heard() -> None:
    heard: dict[int, str] = {}
    for played_ms in (200, 900):
        r = responding()
        r.give(Played(1, played_ms))
        r.give(Cancelled())
        event = r.events(ev.AnswerHeard)[-1]
        assert event.played_ms == played_ms
        heard[played_ms] = event.text
    assert heard[900].startswith(heard[200])
    assert len(heard[200]) < len(heard[900])


def test_a_client_cannot_have_played_more_than_it_was_sent() -> None:
    r = responding()
    sent = sum(len(one.pcm) // 32 for one in r.told(Speech))
    r.give(Played(1, 60_000))
    r.give(Cancelled())
    assert r.events(ev.AnswerHeard)[-1].played_ms == sent


def test_keys_are_told_to_all() -> None:
    r = Rehearsal()
    r.give(KeyPressed("42#"))
    assert [one.keys for one in r.events(ev.KeysPressed)] == ["42#"]


def test_a_session_set_anew_decides_by_the_new_numbers_and_says_so() -> None:
    waited: dict[str, int] = {}
    for eagerness in ("auto", "low"):
        r = Rehearsal()
        r.give(Reconfigured(config(turns__eagerness=eagerness, response__max_tokens=7)))
        assert r.events(ev.SessionReconfigured)[-1].config.turns.eagerness == eagerness
        r.says(800, "Call me back tomorrow.")
        before = r.now_ms
        while not r.events(ev.TurnCommitted):
            r.quiet(20)
        waited[eagerness] = r.now_ms - before
        assert r.events(ev.TurnTaken)[-1].max_tokens == 7
    more_ms = WAITS["low"].finished_ms - WAITS["auto"].finished_ms
    assert abs(waited["low"] - waited["auto"] - more_ms) <= 20


def test_a_session_set_anew_listens_with_the_new_numbers() -> None:
    r = Rehearsal()
    r.give(Reconfigured(config(turns__min_speech_ms=300, language="de")))
    r.says(200)
    r.quiet(300)
    assert not r.events(ev.SpeechStarted)
    r.says(400)
    assert r.events(ev.SpeechStarted)[-1].language == "de"


def test_a_client_edits_cuts_and_asks_for_responses() -> None:
    r = responding()
    r.give(ItemAdded("note", "user", "A note."))
    r.give(ItemAdded("gone", "user", "Never mind."))
    r.give(ItemRemoved("gone"))
    r.give(Truncated(1, 500))
    (interrupted,) = r.told(Interrupted)
    assert interrupted.played_ms == 500
    texts = [one.text for one in r.call.history.messages]
    assert texts == [QUESTION, interrupted.heard, "A note."]
    r.give(ResponseRequested("a"))
    assert r.told(ResponseStarted)[-1] == ResponseStarted(2, "a")


def test_a_client_discards_the_open_turn() -> None:
    r = Rehearsal()
    r.says(500)
    r.give(TurnDiscarded())
    assert [one.discarded for one in r.events(ev.SpeechEnded)] == [True]
    assert not r.call.listening


def test_a_result_of_no_call_changes_nothing() -> None:
    r = responding()
    before = len(r.effects)
    r.give(ClientToolResult("call_9_0_0", "x"))
    assert len(r.effects) == before


def test_a_muted_caller_neither_types_nor_ends_turns_nor_presses_keys() -> None:
    r = Rehearsal()
    r.give(Commanded("c1", "op", Mute()))
    before = len(r.effects)
    for given in (Typed("Hello?"), TurnEnded(), KeyPressed("1")):
        r.give(given)
    assert len(r.effects) == before


def test_a_text_that_may_not_be_interrupted_is_not_cancelled_either() -> None:
    r = Rehearsal()
    r.give(Commanded("c1", "op", Say("Please hold the line.", interruptible=False)))
    r.speaks(0, 1000, turn=1)
    r.quiet(200)
    r.give(Cancelled())
    assert r.call.responding
    assert not r.told(Interrupted)


@pytest.mark.parametrize("by_client", [False, True])
def test_words_of_a_doubted_voice_count_if_the_client_ends_the_turn(*, by_client: bool) -> None:
    call = Rehearsal(**(BY_CLIENT if by_client else {}))
    call.says(500)
    call.give(BackgroundAlone())
    call.quiet(200)
    if not by_client:
        call.give(TurnEnded())
    call.hears("Stop the music, please.", confidence=0.65)
    if by_client:
        call.give(TurnEnded())
        final(call, "Stop the music, please.", 1)
    assert [one.discarded for one in call.events(ev.SpeechEnded)] == [False]
