"""Turns that are guessed before the pause is over, and what becomes of the guess."""

from __future__ import annotations

from edge.core.messages.client_events import (
    Measured,
    Speech,
    Trouble,
)
from edge.core.turn_taking.turns import RESPONSE_MS
from schemas import events as ev
from tests.unit.edge.core.questions import QUESTION, asked
from tests.unit.edge.core.rehearsal import Rehearsal


def test_the_model_is_asked_on_a_guess_and_nothing_is_heard_before_it_is_certain() -> None:
    r = asked()
    (taken,) = r.events(ev.TurnTaken)
    assert taken.speculative
    r.answers("It is Paris.")
    r.speaks(0, 500)
    assert not r.told(Speech)
    assert not r.events(ev.TurnCommitted)

    r.quiet(600)
    assert [c.turn for c in r.events(ev.TurnCommitted)] == [taken.turn]
    assert len(r.events(ev.TurnTaken)) == 1
    assert r.told(Speech)


def test_a_guess_is_retracted_when_the_caller_goes_on() -> None:
    r = asked()
    r.answers("It is Paris.")
    r.speaks(0, 500)
    r.says(400)
    (cancelled,) = r.events(ev.ResponseCancelled)
    assert cancelled.reason == "retracted"
    r.quiet(160)
    r.hears(f"{QUESTION} And of Spain?")
    r.quiet(600)
    r.answers("Paris and Madrid.")
    r.speaks(0, 500)
    r.quiet(1500)

    assert [s.text.strip() for s in r.told(Speech) if s.text] != []
    assert "".join(s.text for s in r.told(Speech)) == "Paris and Madrid."
    (measured,) = r.told(Measured)
    assert (measured.waterfall.speculations, measured.waterfall.retracted) == (2, 1)
    assert measured.waterfall.wasted_sentences == 1
    assert r.call.history.messages[0].text == f"{QUESTION} And of Spain?"


def test_unfinished_words_are_listened_to_longer_and_guessed_on_shortly_before_the_end() -> None:
    r = Rehearsal()
    r.says(800, "I would like to go to the")
    r.quiet(1440 - RESPONSE_MS - 200)
    assert not r.events(ev.TurnTaken)
    r.quiet(200)
    assert [t.speculative for t in r.events(ev.TurnTaken)] == [True]
    assert not r.events(ev.TurnCommitted)
    r.quiet(RESPONSE_MS)
    assert len(r.events(ev.TurnTaken)) == 1
    assert r.events(ev.TurnCommitted)


def test_a_late_guess_is_made_once_a_pause_and_retracted_when_the_caller_goes_on() -> None:
    r = Rehearsal()
    r.says(800, "I would like to go to the")
    r.quiet(1200)
    r.says(800, "I would like to go to the zoo.")
    r.quiet(1200)
    assert [t.speculative for t in r.events(ev.TurnTaken)] == [True, True]
    assert len(r.events(ev.ResponseCancelled)) == 1
    assert [c.text for c in r.events(ev.TurnCommitted)] == ["I would like to go to the zoo."]


def test_where_speculation_is_off_there_is_no_late_guess_either() -> None:
    r = Rehearsal(turns__speculate=False)
    r.says(800, "I would like to go to the")
    r.quiet(1600)
    assert [t.speculative for t in r.events(ev.TurnTaken)] == [False]


def test_hello_and_a_short_pause_is_not_answered_by_halves() -> None:
    r = Rehearsal()
    r.says(400, "Hello.")
    r.quiet(140)
    r.says(800, "Hello, how are you today?")
    r.quiet(600)
    assert [c.text for c in r.events(ev.TurnCommitted)] == ["Hello, how are you today?"]


def test_a_guess_that_failed_is_asked_again_when_the_turn_is_certain() -> None:
    r = asked()
    r.event(ev.JobFailed, stage="llm", turn=r.events(ev.TurnTaken)[-1].turn, reason="busy")
    assert not r.told(Trouble)
    r.quiet(600)
    assert [t.speculative for t in r.events(ev.TurnTaken)] == [True, False]
