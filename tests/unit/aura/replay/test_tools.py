"""A recorded call with tools, decided again; what its tools gave, found again for a replay."""

from __future__ import annotations

import msgspec

from aura.replay.recorded_stages import RecordedStages
from aura.replay.redecide import connections
from aura.replay.what_if import differences, rehearse
from edge.core.messages.inputs import ClientToolResult
from schemas import events as ev
from tests.unit.aura.replay.test_redecide import Recorded, decided_again
from tests.unit.edge.core.response.tool_table import Table


class RecordedTable(Table, Recorded):
    """A rehearsal with tools whose call is logged."""


def conversation() -> list[ev.AnyEvent]:
    """A log of a turn with a service's tool, one with a client's, one that is hung up after."""
    r = RecordedTable()
    r.types()
    r.wait(100)
    r.calls(("book", '{"guests": 2}'), words=("Let me see.",))
    r.speaks(0, 500)
    r.wait(2500)  # the caller is told to wait
    r.speaks(1, 500)
    r.returns('{"ok": true}')
    r.says_words("It is booked.")
    r.speaks(2, 500)
    r.wait(3000)
    r.types("Show me.")
    r.calls(("show", "{}"))
    r.wait(300)
    r.give(ClientToolResult("call_2_0_0", '"shown"'))
    r.says_words("There it is.")
    r.speaks(0, 500)
    r.wait(2000)
    r.types("Bye.")
    r.calls(("end_call", "{}"), words=("Goodbye.",))
    r.speaks(0, 500)
    r.wait(2000)
    return r.recorded()


def test_a_call_with_tools_is_decided_again() -> None:
    log = conversation()
    assert [event.name for event in log if isinstance(event, ev.ToolReturned)] == [
        "book",
        "show",
        "end_call",
    ]
    decided_again(log)


def test_with_the_same_numbers_the_tools_answer_from_the_record_as_they_did() -> None:
    (connection,) = connections(conversation())
    now = rehearse(connection, connection.config)
    assert differences(connection.decided, now) == []
    taken = [event for event in now if isinstance(event, ev.TurnTaken)]
    assert [(turn_taken.turn, turn_taken.step) for turn_taken in taken] == [
        (1, 0),
        (1, 1),
        (2, 0),
        (2, 1),
        (3, 0),
    ]
    assert taken[1].messages[-1].text == '{"ok": true}'
    assert taken[3].messages[-1].text == '"shown"'


def test_a_call_is_found_by_its_tool_and_arguments_and_no_other_is_made_up() -> None:
    (connection,) = connections(conversation())
    stages = RecordedStages(connection)
    (asked,) = [
        event
        for event in connection.decided
        if isinstance(event, ev.ToolRequested) and event.tool.name == "book"
    ]
    elsewhere = msgspec.structs.replace(asked, turn=7, step=1, call=2)
    after_ms, result = stages.tool_result(elsewhere)
    assert isinstance(result.event, ev.ToolReturned)
    assert (result.event.turn, result.event.step, result.event.call) == (7, 1, 2)
    assert after_ms > 2000
    other = msgspec.structs.replace(asked, arguments='{"guests": 3}')
    _, result = stages.tool_result(other)
    assert isinstance(result.event, ev.ToolFailed)
    assert result.event.reason == "unknown_outcome"
