"""Which words of a session end the work on a turn."""

from __future__ import annotations

import pytest

from schemas.events import Head, ResponseCancelled, ResponseCompleted, TroubleTold
from workers.loop.turn_rules import is_cancelled, is_over

HEAD = Head(tenant="t", session="s", at_ms=1)


def cancelled(turn: int) -> ResponseCancelled:
    return ResponseCancelled(**HEAD, turn=turn, reason="interrupted")


def completed(turn: int) -> ResponseCompleted:
    return ResponseCompleted(
        **HEAD,
        turn=turn,
        sentences=1,
        text="Yes.",
        model="m",
        prompt_tokens=1,
        completion_tokens=1,
        took_ms=1.0,
    )


@pytest.mark.parametrize(("turn", "given_up"), [(4, False), (5, True), (6, True)])
def test_a_cancellation_ends_its_turn_and_those_before_it(turn: int, given_up: bool) -> None:
    assert is_cancelled(5, cancelled(turn)) is given_up
    assert is_over(5, cancelled(turn)) is given_up


@pytest.mark.parametrize(("turn", "over"), [(4, False), (5, False), (6, True)])
def test_a_response_to_a_later_turn_ends_the_work_on_this_one(turn: int, over: bool) -> None:
    assert is_over(5, completed(turn)) is over
    assert not is_cancelled(5, completed(turn))


def test_what_is_about_no_turn_ends_nothing() -> None:
    assert not is_over(5, TroubleTold(**HEAD, stage="audio", reason="x"))
