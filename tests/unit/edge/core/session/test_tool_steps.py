"""The steps of a turn, folded from its events: calls, their requests, their results."""

from __future__ import annotations

from typing import Any

import msgspec

from edge.core.session.tool_steps import MOST_KEPT_CHARS, ToolSteps, late, shortened
from schemas import events as ev
from schemas.tools import ToolConfig, transfer_tool

HEAD: dict[str, Any] = {"tenant": "t", "session": "s", "at_ms": 1000}
TOOL = ToolConfig(name="book", description="Books.", parameters={}, kind="nats")


FAILED = ev.ToolFailed(
    **HEAD, turn=1, step=0, call=0, name="book", reason="timeout", detail="no answer"
)


def called(call: int = 0, step: int = 0) -> ev.ToolCalled:
    return ev.ToolCalled(
        **HEAD, turn=1, step=step, call=call, name="book", arguments="{}", model="m", took_ms=1.0
    )


def requested(call: int = 0, step: int = 0, *, cancel: bool = False) -> ev.ToolRequested:
    tool = msgspec.structs.replace(TOOL, cancel=cancel)
    return ev.ToolRequested(
        **HEAD, turn=1, step=step, call=call, tool=tool, arguments="{}", deadline_ms=9000
    )


def returned(call: int = 0, step: int = 0, result: str = "done") -> ev.ToolReturned:
    return ev.ToolReturned(
        **HEAD, turn=1, step=step, call=call, name="book", result=result, took_ms=5.0
    )


def completed(calls: int, step: int = 0, text: str = "Let me see.") -> ev.ResponseCompleted:
    return ev.ResponseCompleted(
        **HEAD,
        turn=1,
        sentences=1,
        text=text,
        model="m",
        prompt_tokens=1,
        completion_tokens=1,
        took_ms=1.0,
        step=step,
        calls=calls,
    )


def taken(step: int) -> ev.TurnTaken:
    return ev.TurnTaken(
        **HEAD, turn=1, utterance=0, pause=0, system="", messages=(), llm_model="m", max_tokens=1,
        temperature=0.0, seed=0, speculative=False, deadline_ms=0, step=step,
    )  # fmt: skip


def steps(*events: ev.Event) -> ToolSteps:
    found = ToolSteps()
    for event in events:
        found.read(event)
    return found


def test_the_call_ends_once_the_model_has_called_for_it_in_a_step_that_is_over() -> None:
    found = steps(msgspec.structs.replace(called(), name="end_call"))
    assert not found.ends_call, "the step may still fail"
    found.read(completed(1))
    assert found.ends_call
    found.step = 1
    assert found.ends_call
    assert not steps(called(), completed(1)).ends_call


def test_the_caller_is_transferred_once_the_transfer_has_returned() -> None:
    transfer = msgspec.structs.replace(requested(), tool=transfer_tool({"sales": ""}))
    found = steps(called(), transfer)
    assert not found.has_transferred
    found.read(returned())
    assert found.has_transferred
    assert not steps(called(), transfer, FAILED).has_transferred
    assert not steps(called(), requested(), returned()).has_transferred


def test_a_step_is_whole_with_all_results_and_the_models_last_word() -> None:
    found = steps(called(0), called(1), requested(0), requested(1), returned(1))
    found.read(completed(2))
    assert not found.is_whole
    found.read(returned(0))
    assert found.is_whole
    early = steps(called(), requested(), returned())
    assert not early.is_whole, "the model may yet call more"


def test_a_repeated_event_changes_nothing() -> None:
    found = steps(called(), called(), requested(), requested(cancel=True))
    assert found.running == [requested()]
    for event in (returned(), returned(result="other"), requested()):
        found.read(event)
    assert [call.as_text() for call in found.current_calls] == ["done"]
    assert found.running == []


def test_a_call_of_a_later_step_waits_for_that_step() -> None:
    found = steps(called(step=1))
    assert found.calls == {}


def test_the_model_is_told_the_calls_that_were_run_and_their_results() -> None:
    found = steps(called(0), called(1), requested(0), completed(2), returned(0))
    asked, result = found.messages(with_text=True)  # the other call was never run
    assert (asked.text, [one.name for one in asked.calls]) == ("Let me see.", ["book"])
    assert (result.role, result.text, result.call) == ("tool", "done", asked.calls[0].id)
    assert found.messages(with_text=False)[0].text == ""


def test_a_call_that_outlives_its_turn_is_told_again_with_its_result() -> None:
    asked, result = late(requested(), returned(result="booked"))
    assert (asked.calls[0].id, asked.calls[0].name) == (result.call, "book")
    assert asked.calls[0].id != steps(called(), requested()).messages(with_text=False)[1].call
    assert result.text == "booked"


def test_a_long_result_is_told_whole_in_its_turn_and_in_part_later() -> None:
    found = steps(called(), requested(), returned(result="é" * 30_000), completed(1))
    told = found.messages(with_text=True)
    assert len(told[1].text) == 30_000
    calls, result = map(shortened, told)
    assert calls == told[0]
    assert result.text.startswith("é" * MOST_KEPT_CHARS + " ... (and 28000 characters")
    assert (result.call, len(result.text) < MOST_KEPT_CHARS + 80) == (told[1].call, True)
    short = steps(called(), requested(), returned(), completed(1)).messages(with_text=True)
    assert tuple(map(shortened, short)) == short


def test_a_call_changes_nothing_until_it_is_requested() -> None:
    found = steps(called())
    assert (found.pending, found.running, found.is_used) == ([called()], [], False)
    found.read(requested())
    assert (found.pending, found.running, found.is_used) == ([], [requested()], True)
    found.read(returned())
    assert (found.pending, found.running) == ([], [])
    assert found.is_used, "its effects cannot be undone"


def test_the_steps_go_on_with_the_turn_and_never_back() -> None:
    found = steps(taken(step=2), taken(step=1))
    assert found.step == 2


def test_calls_that_were_not_run_are_not_told_to_the_model() -> None:
    assert steps(called(0), called(1), completed(2)).messages(with_text=True) == ()
