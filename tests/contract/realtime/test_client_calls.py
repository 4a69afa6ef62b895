"""Results wait until a response is asked for; a call counts for the turn that it is of."""

from __future__ import annotations

from edge.core.messages.client_events import ClientToolCalled
from edge.core.messages.inputs import ClientToolResult
from edge.protocols.realtime.client_calls import ClientCalls


def call(name: str) -> ClientToolCalled:
    return ClientToolCalled(name, "weather", "{}")


def test_a_call_is_new_once() -> None:
    calls = ClientCalls()
    assert calls.add(call("a"))
    assert not calls.add(call("a"))


def test_a_turn_is_held_until_the_response_with_its_results_begins() -> None:
    calls = ClientCalls()
    calls.add(call("a"))
    assert (calls.exist, calls.hold_the_turn) == (True, True)
    assert calls.answer(ClientToolResult("a", "sunny"))
    assert calls.take_results() == [ClientToolResult("a", "sunny")]
    assert (calls.exist, calls.hold_the_turn) == (False, True)
    calls.wait_no_more()
    assert not calls.hold_the_turn


def test_a_call_that_outlived_its_turn_holds_no_turn_and_its_result_is_kept_all_the_same() -> None:
    calls = ClientCalls()
    calls.add(call("a"))
    calls.wait_no_more()
    assert (calls.exist, calls.hold_the_turn) == (False, False)
    assert calls.answer(ClientToolResult("a", "sunny"))
    assert (calls.exist, calls.hold_the_turn) == (True, False)


def test_a_result_of_no_call_and_a_second_one_are_refused() -> None:
    calls = ClientCalls()
    calls.add(call("a"))
    assert not calls.answer(ClientToolResult("b", "sunny"))
    assert calls.answer(ClientToolResult("a", "sunny"))
    assert not calls.answer(ClientToolResult("a", "rainy"))
