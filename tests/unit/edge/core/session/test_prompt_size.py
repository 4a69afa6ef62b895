"""The parts of a prompt are bounded in bytes: a job always fits an event of the log."""

from __future__ import annotations

from edge.core.messages.inputs import ItemAdded, ResponseRequested
from edge.core.session.history import History
from edge.core.session.prompt_size import (
    MOST_INSTRUCTION_BYTES,
    MOST_MESSAGES_BYTES,
    MOST_WINDOW_BYTES,
    fitting_steps,
    newest_instructions,
    newest_messages,
)
from schemas import codec
from schemas import events as ev
from schemas.events import ItemRole, Message, ToolCall
from schemas.tools import MOST_CALLS, MOST_RESULT_BYTES
from tests.unit.edge.core.rehearsal import Rehearsal
from tests.unit.edge.core.response.tool_table import Table

LONG = "\u8a9e" * 32_000
"""The longest item that a client may add, of characters with three bytes."""
MOST_EVENT_BYTES = 1_000_000


def test_the_newest_messages_that_fit_are_kept() -> None:
    half = Message("user", "x" * (MOST_WINDOW_BYTES // 2))
    other = Message("assistant", "y" * (MOST_WINDOW_BYTES // 2))
    assert newest_messages([]) == []
    assert newest_messages([half, other]) == [half, other]
    assert newest_messages([Message("user", "z"), half, other]) == [half, other]
    assert newest_messages([half, other, Message("user", "z")]) == [other, Message("user", "z")]


def test_bytes_count_not_characters_and_calls_count_with_their_arguments() -> None:
    two = Message("user", "\u00e9" * (MOST_WINDOW_BYTES // 2))
    call = Message("assistant", "", calls=(ToolCall("c", "f", "x" * MOST_WINDOW_BYTES),))
    last = Message("user", "z")
    assert newest_messages([two]) == [two]
    assert newest_messages([two, last]) == [last]
    assert newest_messages([call, last]) == [last]


def test_the_newest_instructions_that_fit_are_kept() -> None:
    half = "x" * (MOST_INSTRUCTION_BYTES // 2)
    assert list(newest_instructions(["old", half, half])) == [half, half]
    assert list(newest_instructions([half, half, "new"])) == [half, "new"]


def step(number: int, result: str, arguments: str = "{}") -> list[Message]:
    """Return the messages of a step with one call."""
    call = ToolCall(f"call_1_{number}_0", "book", arguments)
    return [Message("assistant", "", calls=(call,)), Message("tool", result, call=call.id)]


def test_results_that_fit_are_whole_and_else_the_oldest_are_cut_with_a_note() -> None:
    third = "x" * (MOST_MESSAGES_BYTES // 3)
    two = [*step(0, third), *step(1, third)]
    assert fitting_steps([], two) == two
    cut, *others = fitting_steps([], [*two, *step(2, third)])[1::2]
    assert [one.text for one in others] == [third, third]
    assert cut.text.endswith(f" ... (and {len(third) - 2000} characters that are not kept)")
    known = [Message("user", third)]
    assert [len(one.text) < 3000 for one in fitting_steps(known, two)[1::2]] == [True, False]


def test_calls_that_are_too_long_are_left_out_with_their_results_the_oldest_first() -> None:
    half = "x" * (MOST_MESSAGES_BYTES // 2)
    newest = step(1, "new", half)
    assert fitting_steps([], [*step(0, "old", half), *newest]) == newest
    assert fitting_steps([], step(0, "new", half * 3)) == []


def test_a_result_whose_call_was_too_long_is_not_in_the_window() -> None:
    call = ToolCall("call_1_0_0", "book", "x" * MOST_WINDOW_BYTES)
    result = Message("tool", "done", call=call.id)
    history = History([Message("assistant", "", calls=(call,)), result, Message("user", "Hi.")])
    assert history.window(None, 20) == (Message("user", "Hi."),)


def job_after(role: ItemRole) -> ev.TurnTaken:
    """Return the job after a client added forty of the longest items."""
    r = Rehearsal(response__history_messages=40)
    for number in range(40):
        r.give(ItemAdded(f"item_{number}", role, f"{number} {LONG}"))
    r.give(ResponseRequested(""))
    return r.events(ev.TurnTaken)[-1]


def test_a_job_fits_an_event_however_long_the_clients_messages_are() -> None:
    job = job_after("user")
    assert len(codec.encode(job)) < MOST_EVENT_BYTES
    assert [one.text[:3] for one in job.messages] == ["38 ", "39 "]


def test_a_job_fits_an_event_however_long_the_clients_instructions_are() -> None:
    job = job_after("system")
    assert len(codec.encode(job)) < MOST_EVENT_BYTES
    assert job.system.endswith(f"39 {LONG}")


CALLS, STEPS = MOST_CALLS, 20
"""The most calls in a step, and the most steps with calls."""


def many_calls(arguments: str, result: str, steps: int) -> Table:
    """Return a call whose model has called as many tools as it may in each of *steps* steps."""
    r = Table(tool_use__max_steps=STEPS)
    r.types()
    for step in range(steps):
        r.calls(*[("book", arguments)] * CALLS)
        for call in range(CALLS):
            r.returns(result, call, step=step)
    return r


def test_a_job_fits_an_event_however_long_the_results_of_tools_are() -> None:
    result = "x" * MOST_RESULT_BYTES
    r = many_calls("{}", result, STEPS)
    jobs = r.events(ev.TurnTaken)
    assert [job.step for job in jobs] == [*range(STEPS + 1)]
    assert len(codec.encode(jobs[STEPS // 2])) < MOST_EVENT_BYTES
    assert len(codec.encode(jobs[-1])) < MOST_EVENT_BYTES
    for job in jobs[1:]:
        told = [one.text for one in job.messages if one.role == "tool"]
        assert len(told) == CALLS * job.step
        assert told[-CALLS:] == [result] * CALLS or job.step > STEPS // 2, "the newest are whole"
