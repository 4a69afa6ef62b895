"""Calls whose connection is lost in the middle of what the caller says."""

from __future__ import annotations

import pytest

from edge.core.messages.client_events import CallerTranscript
from edge.core.messages.inputs import Finished, Resumed
from edge.core.session.history import fold
from schemas import events as ev
from schemas.events import Message
from tests.unit.edge.core.client_calls import final
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
