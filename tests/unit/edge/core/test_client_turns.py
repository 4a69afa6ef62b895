"""A client that ends turns itself, or wants no response, or leaves it to a silence."""

from __future__ import annotations

from edge.core.messages.client_events import (
    CallerSilent,
    CallerStarted,
    CallerStopped,
    CallerTranscript,
    Interrupted,
    ResponseDropped,
    ResponseStarted,
    Speech,
    TurnHandedIn,
)
from edge.core.messages.inputs import (
    ResponseRequested,
    Resumed,
    TurnDiscarded,
    TurnEnded,
)
from edge.core.session.history import History
from schemas import events as ev
from schemas.events import Message
from tests.unit.edge.core.client_calls import BY_CLIENT, QUESTION, final, folded, responding
from tests.unit.edge.core.rehearsal import Rehearsal


def test_a_turn_is_told_from_its_start_to_the_response_in_this_order() -> None:
    r = responding()
    told = [type(one) for one in r.told(object) if not isinstance(one, Speech)]
    partial, last = CallerTranscript, CallerTranscript
    assert told[:5] == [CallerStarted, partial, CallerStopped, last, ResponseStarted]
    stopped, words = r.told(CallerStopped)[0], r.told(CallerTranscript)[-1]
    assert (stopped.utterance, stopped.discarded, words.utterance) == (1, False, 1)
    assert (words.text, words.key) == (QUESTION, "turn_1")
    assert r.told(ResponseStarted) == [ResponseStarted(1)]


def test_the_start_of_speech_is_told_with_how_long_ago_it_was() -> None:
    r = Rehearsal()
    r.quiet(1000)
    r.says(400)
    (started,) = r.told(CallerStarted)
    assert 300 <= started.ago_ms <= 400
    assert not started.over_response


def test_words_that_were_carried_are_of_the_turn_but_not_of_the_utterance() -> None:
    r = Rehearsal()
    r.says(800, QUESTION)
    r.quiet(600)
    r.says(800, "And of Spain?")
    r.quiet(3000)
    assert r.told(ResponseDropped) == [ResponseDropped(1, "retracted")]
    words = r.told(CallerTranscript)[-1]
    assert (words.text, words.continues) == ("And of Spain?", True)
    assert r.events(ev.TurnCommitted)[-1].text == f"{QUESTION} And of Spain?"


def test_speech_after_the_clients_commit_is_another_turn() -> None:
    r = Rehearsal(**BY_CLIENT)
    r.says(600)
    r.give(TurnEnded())
    r.says(600)
    r.give(TurnEnded())
    assert r.told(TurnHandedIn) == [TurnHandedIn(1), TurnHandedIn(2)]
    final(r, "One.", 1)
    final(r, "Two.", 2)
    assert r.call.history.messages == [Message("user", "One."), Message("user", "Two.")]


def test_a_response_that_is_asked_for_waits_for_the_words_of_the_turn() -> None:
    r = Rehearsal(**BY_CLIENT)
    r.says(600)
    r.give(TurnEnded())
    r.give(ResponseRequested("a"))
    assert not r.events(ev.TurnTaken)
    final(r, QUESTION)
    (taken,) = r.events(ev.TurnTaken)
    assert taken.messages == (Message("user", QUESTION),)
    assert r.told(ResponseStarted) == [ResponseStarted(1, "a")]


def test_a_commit_without_a_voice_is_told_as_one() -> None:
    r = Rehearsal(**BY_CLIENT)
    r.quiet(600)
    r.give(TurnEnded())
    assert r.told(TurnHandedIn) == [TurnHandedIn(0)]


def test_audio_that_the_client_drops_is_no_turn() -> None:
    r = Rehearsal()
    r.says(600, QUESTION)
    r.give(TurnDiscarded())
    r.quiet(1000)
    assert r.events(ev.SpeechEnded)[-1].discarded
    assert r.events(ev.ResponseCancelled)[-1].reason == "retracted"
    assert not r.events(ev.TurnCommitted)


def test_a_turn_without_a_response_enters_the_conversation() -> None:
    r = Rehearsal(turns__respond=False)
    r.says(800, QUESTION)
    r.quiet(600)
    assert not r.events(ev.TurnTaken)
    assert r.call.history.messages == [Message("user", QUESTION)]
    assert r.told(CallerTranscript)[-1].final
    assert folded(r) == r.call.history.messages


def test_a_response_that_may_not_be_interrupted_is_heard_and_the_turn_follows() -> None:
    r = responding(interruption__allowed=False)
    r.says(800, "And of Spain?")
    r.quiet(600)
    assert not r.told(Interrupted)
    assert r.spoken_ms(1) < 3000
    r.quiet(2000)
    assert r.spoken_ms(1) == 3000
    assert [one.text for one in r.events(ev.TurnTaken)[-1].messages] == [
        QUESTION,
        "It is Paris, and it has been for long.",
        "And of Spain?",
    ]
    assert folded(r) == r.call.history.messages
    assert len(r.told(ResponseStarted)) == 2


def test_aura_speaks_up_after_the_silence_that_the_session_allows() -> None:
    r = responding(turns__idle_ms=5000)
    r.quiet(2500)
    assert r.call.history.messages[-1].role == "assistant"
    r.wait(4000)
    assert not r.told(CallerSilent)
    r.wait(1500)
    assert r.told(CallerSilent) == [CallerSilent(5000)]
    assert len(r.events(ev.TurnTaken)) == 2
    r.answers("Are you there?")
    r.speaks(0, 400)
    r.quiet(6500)
    assert len(r.told(CallerSilent)) == 2


def test_a_silent_session_that_allows_it_is_let_be() -> None:
    r = responding()
    r.quiet(3000)
    r.wait(600_000)
    assert not r.told(CallerSilent)
    assert r.call.due_ms(r.now_ms) is None


def test_carried_words_begin_the_next_turn_of_the_client_and_silence_is_no_turn() -> None:
    history = History(carried=["Before,"])
    r = Rehearsal(history=history, begins=Resumed(), **{**BY_CLIENT, "turns__respond": True})
    r.says(500)
    r.give(TurnEnded())
    final(r, "now.")
    assert r.call.history.messages == [Message("user", "Before, now.")]
    assert r.told(CallerTranscript)[-1].text == "Before, now."
    assert len(r.events(ev.TurnTaken)) == 1
    r.answers("Yes.")
    r.speaks(0, 200)
    r.says(500)
    r.give(TurnEnded())
    final(r, "")
    r.quiet(1000)
    assert [one.text for one in r.call.history.messages] == ["Before, now.", "Yes."]
    assert (r.told(CallerTranscript)[-1].text, len(r.events(ev.TurnTaken))) == ("", 1)
