"""One tool call: how far it is, and what the model is told of it."""

from __future__ import annotations

import pytest

from edge.core.session.step_call import CALLED, DONE, RUNNING, STILL_RUNNING, StepCall
from runtime.moves import IllegalMoveError
from tests.unit.edge.core.session.test_tool_steps import FAILED, called, requested, returned


def test_a_call_is_called_then_runs_and_then_has_a_result() -> None:
    call = StepCall(called())
    assert call.phase is CALLED
    call.request(requested())
    assert (call.phase, call.requested) == (RUNNING, requested())
    call.end(returned())
    assert (call.phase, call.result, call.as_text()) == (DONE, returned(), "done")


def test_a_refused_call_is_done_without_a_request() -> None:
    call = StepCall(called())
    call.end(FAILED)
    assert (call.phase, call.requested) == (DONE, None)
    with pytest.raises(IllegalMoveError, match="REQUEST in DONE"):
        call.request(requested())
    assert call.requested is None


def test_a_call_has_one_request_and_one_result() -> None:
    call = StepCall(called())
    call.request(requested())
    with pytest.raises(IllegalMoveError, match="REQUEST in RUNNING"):
        call.request(requested())
    call.end(returned())
    with pytest.raises(IllegalMoveError, match="END in DONE"):
        call.end(FAILED)
    assert call.as_text() == "done"


@pytest.mark.parametrize(
    ("cancel", "text"), [(False, STILL_RUNNING), (True, '{"error": "cancelled"}')]
)
def test_a_call_that_outlives_its_turn_goes_on_or_is_cancelled_as_its_tool_says(
    cancel: bool, text: str
) -> None:
    call = StepCall(called())
    call.request(requested(cancel=cancel))
    assert call.as_text() == text


def test_a_failure_is_told_with_its_reason() -> None:
    call = StepCall(called())
    call.end(FAILED)
    assert call.as_text() == '{"error": "timeout", "detail": "no answer"}'
