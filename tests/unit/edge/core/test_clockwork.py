"""A call in simulated time gets on by its timer and what is scheduled, whatever the caller does."""

from __future__ import annotations

import pytest

from edge.core.call import Call
from edge.core.clockwork import Clockwork
from edge.core.messages.effects import Effect, Publish
from edge.core.messages.inputs import KeyPressed, Ticked, Typed
from schemas import events as ev
from schemas.session_config import Delivery
from tests.unit.edge.core.rehearsal import Rehearsal, began, config


@pytest.mark.parametrize("delivery", ["whole", "sentences", "chunks"])
def test_a_response_is_handed_out_to_its_end_without_a_sound_from_the_caller(
    delivery: Delivery,
) -> None:
    call = Rehearsal(delivery)
    call.says(800, "What is the weather like?")
    call.quiet(1500)
    call.answers("It is a fine day.")
    call.speaks(0, 3000)
    call.clockwork.run_until(call.now_ms + 10_000)
    assert call.spoken_ms() == 3000
    assert [heard.complete for heard in call.events(ev.AnswerHeard)] == [True]


class Idle:
    """A call in which nobody speaks, with the events that it published and their times."""

    def __init__(self) -> None:
        self.published: list[tuple[int, ev.Event]] = []
        self.clockwork = Clockwork(Call(began(config())), self._do)

    def _do(self, effects: list[Effect], now_ms: int) -> None:
        self.published += [(now_ms, one.event) for one in effects if isinstance(one, Publish)]

    def times(self, kind: type[ev.Event]) -> list[int]:
        return [at_ms for at_ms, event in self.published if isinstance(event, kind)]


def test_scheduled_inputs_are_given_in_order_of_time_and_not_early() -> None:
    call = Idle()
    call.clockwork.schedule(KeyPressed("2"), 2000)
    call.clockwork.schedule(KeyPressed("1"), 1000)
    assert call.clockwork.next_ms == 1000
    call.clockwork.run_until(1000)
    assert call.times(ev.KeysPressed) == []
    call.clockwork.run_until(3000)
    assert call.times(ev.KeysPressed) == [1000, 2000]


def test_the_timer_rings_when_the_call_is_due() -> None:
    call = Idle()
    call.clockwork.give(KeyPressed("1"), 1000)
    due_ms = call.clockwork.next_ms
    assert due_ms is not None
    call.clockwork.run_until(due_ms)
    assert call.times(ev.TurnTaken) == []
    call.clockwork.run_until(due_ms + 1)
    assert call.times(ev.TurnTaken) == [due_ms]


def test_an_input_tells_whether_it_had_effects() -> None:
    call = Idle()
    assert not call.clockwork.give(Ticked(), 1000)
    assert call.clockwork.give(Typed("Hello."), 1000)


def test_a_timer_without_an_effect_does_not_stop_the_clock() -> None:
    call = Idle()
    call.clockwork.give(KeyPressed("1"), 1000)
    due_ms = call.clockwork.next_ms
    assert due_ms is not None
    call.clockwork.schedule(Ticked(), due_ms - 1)
    call.clockwork.schedule(KeyPressed("2"), due_ms + 5000)
    call.clockwork.run_until(due_ms + 9000)
    assert call.times(ev.TurnTaken) == [due_ms, due_ms + 5000 + (due_ms - 1000)]
    assert call.clockwork.next_ms is None or call.clockwork.next_ms >= due_ms + 9000
