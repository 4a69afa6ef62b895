"""Two silences: one without a sound has the model speak, one without a word the caller asked."""

from __future__ import annotations

import pytest

from edge.core.messages.inputs import Commanded
from edge.core.session.current_config import CurrentConfig
from edge.core.turn_taking.idle import Idle
from schemas import events as ev
from schemas.control import Mute
from tests.unit.edge.core.rehearsal import Rehearsal, config


def test_nothing_is_due_before_the_call_has_begun() -> None:
    idle = Idle(CurrentConfig(config(turns__idle_ms=4000, idle__after_s=10)))
    assert (idle.response_due_ms, idle.question_due_ms) == (None, None)


def test_nothing_is_due_where_neither_is_set() -> None:
    idle = Idle(CurrentConfig(config(turns__idle_ms=0, idle__after_s=0)))
    idle.note_word(1000)
    idle.sound_ms = 1000
    assert (idle.response_due_ms, idle.question_due_ms) == (None, None)


def test_a_sound_puts_off_the_models_word_and_not_the_question() -> None:
    idle = Idle(CurrentConfig(config(turns__idle_ms=4000, idle__after_s=10)))
    idle.note_word(1000)
    idle.sound_ms = 1000
    idle.sound_ms = 3000
    assert (idle.response_due_ms, idle.question_due_ms) == (7000, 11_000)


def test_the_model_is_asked_once_until_somebody_has_spoken() -> None:
    idle = Idle(CurrentConfig(config(turns__idle_ms=4000)))
    idle.sound_ms = 1000
    idle.stop()
    assert idle.response_due_ms is None
    idle.sound_ms = 9000
    assert idle.response_due_ms == 13_000


def test_it_counts_the_time_without_a_word() -> None:
    idle = Idle(CurrentConfig(config()))
    assert idle.silent_ms(5000) == 0
    idle.note_word(1000)
    assert idle.silent_ms(5000) == 4000


def test_other_times_hold_from_when_they_are_set() -> None:
    current = CurrentConfig(config(idle__after_s=10))
    idle = Idle(current)
    idle.note_word(1000)
    current.current = config(idle__after_s=20)
    assert idle.question_due_ms == 21_000


@pytest.mark.parametrize("silent_ms", [1000, 10_000])
def test_a_muted_model_is_not_asked_and_nothing_is_due_before_it_is_unmuted(silent_ms: int) -> None:
    call = Rehearsal(turns__idle_ms=4000)
    call.says(300)
    call.quiet(1000)
    call.hears("")
    call.give(Commanded("c1", "op", Mute("assistant")))
    call.wait(silent_ms)
    assert call.clockwork.next_ms is None
    call.give(Commanded("c2", "op", Mute("assistant", muted=False)))
    call.wait(5000)
    assert len(call.events(ev.TurnTaken)) == 1
