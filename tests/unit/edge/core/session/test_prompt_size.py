"""The parts of a prompt are bounded in bytes: a job always fits an event of the log."""

from __future__ import annotations

from edge.core.inputs import ItemAdded, ResponseRequested
from edge.core.session.history import History
from edge.core.session.prompt_size import (
    MOST_INSTRUCTION_BYTES,
    MOST_WINDOW_BYTES,
    newest_instructions,
    newest_messages,
)
from schemas import codec
from schemas import events as ev
from schemas.events import ItemRole, Message, ToolCall
from tests.unit.edge.core.rehearsal import Rehearsal

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
