"""The tools of a response tell whether the call ends with it."""

from __future__ import annotations

from edge.core.response.tool_state import ToolState
from tests.unit.edge.core.response.tool_bench import call_of
from tests.unit.edge.core.session.test_tool_steps import completed


def test_the_call_ends_with_a_response_whose_model_called_for_it_in_a_step_that_is_over() -> None:
    state, other = ToolState(), ToolState()
    state.steps.read(call_of("end_call"))
    other.steps.read(call_of("book"))
    assert not state.ends_call, "the step may still fail"
    for one in (state, other):
        one.steps.read(completed(1))
    assert (state.ends_call, other.ends_call) == (True, False)
