"""Calls whose connection is lost in the middle of what the caller says."""

from __future__ import annotations

import pytest

from edge.core.messages.client_events import CallerTranscript
from edge.core.messages.inputs import Finished, Resumed
from edge.core.session.history import fold
from schemas import events as ev
from schemas.events import Message
from tests.unit.edge.core.client_calls import BY_CLIENT, final
from tests.unit.edge.core.questions import QUESTION, answered
from tests.unit.edge.core.rehearsal import Rehearsal


@pytest.mark.parametrize("known", ["", QUESTION])
def test_a_turn_that_waits_for_its_end_is_answered_on_the_next_connection(known: str) -> None:
    left = Rehearsal()
    left.says(800, known or None)
    left.quiet(200)
    assert not left.events(ev.TurnCommitted)
    left.give(Finished("caller_left", may_return=True))
    final(left, QUESTION)
    back = Rehearsal(history=fold(left.log), begins=Resumed())
    final(back, QUESTION, utterance=1)
    back.quiet(100)
    assert [one.text for one in back.told(CallerTranscript)] == [QUESTION]
    (taken,) = back.events(ev.TurnTaken)
    assert taken.messages[-1] == Message("user", QUESTION)


def test_words_before_a_lost_connection_begin_the_turn_of_a_caller_who_still_spoke() -> None:
    left = Rehearsal()
    left.says(800)
    left.give(Finished("caller_left", may_return=True))
    final(left, "What is")
    back = Rehearsal(history=fold(left.log), begins=Resumed())
    back.quiet(1000)
    assert not back.events(ev.TurnTaken)
    back.says(800, "the capital of France?")
    back.quiet(600)
    assert back.events(ev.TurnTaken)[-1].messages == (Message("user", QUESTION),)


@pytest.mark.parametrize("may_return", [False, True])
def test_a_voice_over_a_response_and_a_call_that_is_over_leave_no_words(
    *, may_return: bool
) -> None:
    r = answered() if may_return else Rehearsal()
    r.quiet(500)
    r.says(300)
    r.give(Finished("caller_left", may_return=may_return))
    assert [(one.discarded, one.words_for) for one in r.events(ev.SpeechEnded)][-1] == (True, "")


def test_the_caller_who_went_on_with_an_unheard_turn_is_not_forgotten() -> None:
    left = Rehearsal()
    left.says(800, QUESTION)
    left.quiet(900)
    assert left.events(ev.TurnCommitted)
    left.says(800)
    left.give(Finished("caller_left", may_return=True))
    assert [one.words_for for one in left.events(ev.SpeechEnded)][-1] == "next_turn"


def test_noise_in_the_last_pause_is_no_turn() -> None:
    left = Rehearsal()
    left.says(300, "")
    left.give(Finished("caller_left", may_return=True))
    assert [one.discarded for one in left.events(ev.SpeechEnded)] == [True]


def test_a_turn_that_its_client_has_not_ended_is_none() -> None:
    left = Rehearsal(**BY_CLIENT)
    left.says(800)
    left.quiet(300)
    left.give(Finished("caller_left", may_return=True))
    assert [one.discarded for one in left.events(ev.SpeechEnded)] == [True]


def test_late_words_of_a_caller_who_speaks_again_begin_that_turn() -> None:
    left = Rehearsal()
    left.says(800)
    left.quiet(200)
    left.give(Finished("caller_left", may_return=True))
    back = Rehearsal(history=fold(left.log), begins=Resumed())
    back.says(400)
    final(back, "What is", utterance=1)
    assert not back.events(ev.TurnTaken)
    back.says(400, "the capital of France?")
    back.quiet(600)
    assert back.events(ev.TurnTaken)[-1].messages == (Message("user", QUESTION),)


def test_words_that_never_come_hold_up_no_turn_of_the_next_connection() -> None:
    left = Rehearsal()
    left.says(800)
    left.give(Finished("caller_left", may_return=True))
    again = ev.SessionResumed(tenant="t", session="s", at_ms=left.now_ms + 1, edge="e")
    back = Rehearsal(history=fold([*left.log, again]), begins=Resumed())
    back.says(800, QUESTION)
    back.quiet(600)
    assert back.events(ev.TurnCommitted)
