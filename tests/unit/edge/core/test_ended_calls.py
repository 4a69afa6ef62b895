"""Calls that an operator ends, with last words or without."""

from __future__ import annotations

import pytest

from edge.core.messages.client_events import Interrupted
from edge.core.messages.effects import HangUp
from edge.core.messages.inputs import Finished, KeyPressed, Resumed, Typed
from edge.core.session.history import fold
from edge.core.turn_taking.keypad import QUIET_MS
from schemas import events as ev
from schemas.control import AnyCommand, End, Instruct, Mute, Say
from tests.unit.edge.core.commands import answered, commanded, hung_up, resumed, voiced
from tests.unit.edge.core.rehearsal import Rehearsal


def test_end_hangs_up_at_once_and_says_why() -> None:
    r = answered()
    r.quiet(500)
    commanded(r, End(reason="We close now."))
    assert hung_up(r) == [HangUp("CALL_ENDED", "We close now.")]
    assert r.events(ev.AnswerHeard)
    r.quiet(2000)
    r.give(Finished("end_call"))
    r.quiet(1000)
    assert len(hung_up(r)) == 1


def test_end_speaks_its_last_words_to_their_end_whatever_the_caller_does() -> None:
    r = answered()
    r.quiet(500)
    commanded(r, Say("Never heard."))
    commanded(r, End(words="Goodbye, and thank you."))
    assert len(r.told(Interrupted)) == 1
    voiced(r, 2000)
    r.says(1000)
    r.give(Typed("Wait!"))
    assert not hung_up(r)
    r.quiet(1500)
    assert hung_up(r) == [HangUp("CALL_ENDED", "ended by the operator")]
    assert [one.text for one in r.events(ev.AnswerHeard)][-1] == "Goodbye, and thank you."
    assert len(r.events(ev.ControlSpoken)) == 1


def test_a_call_ends_even_if_its_last_words_get_no_voice() -> None:
    r = Rehearsal()
    commanded(r, End(words="Goodbye."))
    r.wait(16_000)
    assert hung_up(r)


@pytest.mark.parametrize("command", [Say("More."), Instruct("More."), Mute(), End()])
def test_a_call_that_ends_takes_no_command(command: AnyCommand) -> None:
    r = Rehearsal()
    commanded(r, End(words="Goodbye."))
    assert r.call.control.refuses("c", command) == "call_ending"
    commanded(r, command)
    assert len(r.events(ev.ControlReceived)) == 1


def test_keys_pressed_before_the_end_are_no_turn() -> None:
    r = Rehearsal()
    r.give(KeyPressed("5"))
    r.quiet(300)
    commanded(r, End(words="Goodbye."))
    r.quiet(QUIET_MS)
    assert [one.text for one in r.events(ev.ResponseSentence)] == ["Goodbye."]
    voiced(r, 300)
    r.quiet(500)
    assert not r.events(ev.TurnTaken)
    assert hung_up(r)


@pytest.mark.parametrize("begun", [False, True])
def test_the_next_edge_says_the_last_words_if_they_were_not_heard(*, begun: bool) -> None:
    r = Rehearsal()
    commanded(r, End(words="Goodbye.", reason="We close now."))
    log = r.events(ev.Event)
    if not begun:  # the edge died before it had stored more
        log = log[: log.index(r.events(ev.ControlReceived)[0]) + 1]
    again = Rehearsal(history=fold(log), begins=Resumed())
    assert not hung_up(again)
    voiced(again, 300)
    again.quiet(500)
    assert [one.text for one in again.events(ev.AnswerHeard)] == ["Goodbye."]
    assert hung_up(again) == [HangUp("CALL_ENDED", "We close now.")]


def test_the_next_edge_hangs_up_at_once_if_they_were_heard() -> None:
    r = Rehearsal()
    commanded(r, End(words="Goodbye.", reason="We close now."))
    voiced(r, 300)
    r.quiet(500)
    again = resumed(r)
    assert hung_up(again) == [HangUp("CALL_ENDED", "We close now.")]
    assert not again.events(ev.ControlSpoken)
