"""Texts that operators have a call speak: when, in which order, and how far."""

from __future__ import annotations

from edge.core.messages.client_events import Interrupted, Speech
from edge.core.messages.inputs import (
    Cancelled,
    KeyPressed,
    Truncated,
    Typed,
)
from schemas import events as ev
from schemas.control import End, Instruct, Interrupt, Say
from schemas.events import Message
from tests.unit.edge.core.commands import QUESTION, answered, commanded, hung_up, resumed, voiced
from tests.unit.edge.core.rehearsal import Rehearsal


def test_a_text_is_spoken_and_becomes_history() -> None:
    r = Rehearsal()
    commanded(r, Say("The shop closes in five minutes."))
    turn = voiced(r)
    r.quiet(1500)
    assert r.spoken_ms(turn) == 1000
    assert "".join(one.text for one in r.told(Speech)) == "The shop closes in five minutes."
    (heard,) = r.events(ev.AnswerHeard)
    assert heard.complete
    assert r.call.history.messages == [Message("assistant", "The shop closes in five minutes.")]
    assert not r.events(ev.TurnTaken)
    assert not r.events(ev.TurnMeasured)  # nobody waited for it


def test_a_text_waits_for_the_answer_that_is_being_heard() -> None:
    r = answered()
    r.quiet(300)
    commanded(r, Say("One more thing."))
    r.quiet(1000)
    assert not r.events(ev.ControlSpoken)
    r.quiet(1200)
    voiced(r)
    r.quiet(1500)
    assert [heard.text for heard in r.events(ev.AnswerHeard)] == ["It is Paris.", "One more thing."]
    assert all(heard.complete for heard in r.events(ev.AnswerHeard))


def test_a_text_waits_for_the_caller_and_their_answer() -> None:
    r = Rehearsal()
    r.says(400)
    commanded(r, Say("One more thing."))
    r.quiet(160)
    r.hears(QUESTION)
    r.quiet(600)
    assert not r.events(ev.ControlSpoken)
    r.answers("It is Paris.")
    r.speaks(0, 500)
    r.quiet(1000)
    assert r.events(ev.ControlSpoken)


def test_texts_are_spoken_in_their_order_each_a_turn_of_its_own() -> None:
    r = Rehearsal()
    for text in ("First.", "Second.", "Third."):
        commanded(r, Say(text))
    for _ in range(3):
        voiced(r, 300)
        r.quiet(500)
    assert [heard.text for heard in r.events(ev.AnswerHeard)] == ["First.", "Second.", "Third."]
    assert [spoken.turn for spoken in r.events(ev.ControlSpoken)] == [1, 2, 3]


def test_a_text_can_be_interrupted_and_its_heard_part_is_history() -> None:
    r = Rehearsal()
    commanded(r, Say("This is quite a long text about our opening hours."))
    voiced(r, 3000)
    r.quiet(1000)
    r.says(600, "Stop, please.")
    (told,) = r.told(Interrupted)
    assert told.heard
    (heard,) = r.events(ev.AnswerHeard)
    assert not heard.complete
    r.quiet(1500)
    assert r.events(ev.TurnCommitted)[-1].text == "Stop, please."


def test_a_firm_text_is_spoken_to_its_end_and_then_the_caller_is_answered() -> None:
    r = Rehearsal()
    commanded(r, Say("This call is recorded.", interruptible=False))
    voiced(r, 3000)
    r.quiet(500)
    r.says(800, QUESTION)
    r.give(Cancelled())
    r.quiet(400)
    assert not r.told(Interrupted)
    assert not r.events(ev.TurnTaken)
    r.quiet(2500)
    assert r.spoken_ms(1) == 3000
    assert r.events(ev.AnswerHeard)[0].complete
    assert [turn.text for turn in r.events(ev.TurnCommitted)] == [QUESTION]


def test_a_firm_text_is_stopped_by_no_key_and_no_cut_of_the_client() -> None:
    r = Rehearsal()
    commanded(r, Say("This call is recorded.", interruptible=False))
    turn = voiced(r, 3000)
    r.quiet(500)
    r.give(KeyPressed("1"))
    r.give(Truncated(turn, 300))
    r.quiet(3000)
    assert not r.told(Interrupted)
    assert r.spoken_ms(turn) == 3000
    assert r.events(ev.AnswerHeard)[0].complete


def test_a_turn_typed_over_a_firm_text_is_answered_after_it() -> None:
    r = Rehearsal()
    commanded(r, Say("This call is recorded.", interruptible=False))
    voiced(r, 1000)
    r.quiet(200)
    r.give(Typed("Hello?"))
    assert not r.events(ev.TurnTaken)
    r.quiet(1000)
    assert [turn.text for turn in r.events(ev.TurnCommitted)] == ["Hello?"]


def test_a_turn_typed_over_a_firm_text_is_not_answered_in_an_ending_call() -> None:
    r = Rehearsal()
    commanded(r, Say("This call is recorded.", interruptible=False))
    voiced(r, 3000)
    r.quiet(200)
    r.give(Typed("Hello?"))
    commanded(r, End(words="Goodbye."))
    voiced(r, 300)
    r.quiet(800)
    assert not r.events(ev.TurnTaken)
    assert hung_up(r)


def test_a_text_that_the_caller_forestalls_waits_again() -> None:
    r = Rehearsal()
    commanded(r, Say("The shop closes."))
    r.says(800, QUESTION)  # before any of it had a voice
    r.quiet(600)
    assert [gone.reason for gone in r.events(ev.ResponseCancelled)] == ["retracted"]
    r.answers("It is Paris.")
    r.speaks(0, 500)
    r.quiet(800)
    voiced(r, 500)
    r.quiet(800)
    assert [one.text for one in r.events(ev.AnswerHeard)] == ["It is Paris.", "The shop closes."]


def test_a_long_text_is_cut_into_sentences() -> None:
    r = Rehearsal()
    text = " ".join(
        f"This is sentence number {n}, which is long enough to stand by itself." for n in range(9)
    )
    commanded(r, Say(text))
    sentences = r.events(ev.ResponseSentence)
    assert len(sentences) == 9
    assert " ".join(one.text for one in sentences) == text


def test_too_many_texts_are_refused() -> None:
    r = Rehearsal()
    for _ in range(51):  # the first is spoken
        commanded(r, Say("More."))
    assert r.call.control.refuses("c", Say("More.")) == "too_many_texts"
    assert r.call.control.refuses("c", Instruct("More.", respond=True)) == "too_many_texts"
    assert r.call.control.refuses("c", Interrupt()) is None


def test_texts_that_were_not_heard_to_their_end_are_spoken_by_the_next_edge() -> None:
    r = Rehearsal()
    for text in ("First.", "Second."):
        commanded(r, Say(text))
    voiced(r, 2000)
    r.quiet(500)
    again = resumed(r)
    for _ in range(2):
        voiced(again, 300)
        again.quiet(500)
    assert [one.text for one in again.events(ev.AnswerHeard)] == ["First.", "Second."]
    assert min(one.turn for one in again.events(ev.ControlSpoken)) > 1
