"""What a page is told next."""

from __future__ import annotations

from aura.cli.console.viewer import MOST_SHOWN_ROWS, Row, Viewer


def row(number: int) -> Row:
    return number, 1000 + number, "acme", "s_1", "turn.taken", "", False


def test_nothing_is_told_twice() -> None:
    viewer = Viewer()
    viewer.state({"bus": "here"})
    viewer.state({"calls": []})
    viewer.row(row(1))
    assert viewer.pop_messages() == [
        {"kind": "state", "bus": "here", "calls": []},
        {"kind": "rows", "rows": [row(1)], "left_out": 0},
    ]
    assert viewer.pop_messages() == []


def test_a_page_that_does_not_read_costs_a_bounded_memory_and_is_told_so() -> None:
    viewer = Viewer()
    for number in range(MOST_SHOWN_ROWS + 7):
        viewer.row(row(number))
    (message,) = viewer.pop_messages()
    assert len(message["rows"]) == MOST_SHOWN_ROWS
    assert message["rows"][-1][0] == MOST_SHOWN_ROWS + 6
    assert message["left_out"] == 7


def test_a_call_is_told_from_its_beginning_and_no_event_twice() -> None:
    """Events come while the history is read, which has some of them."""
    viewer = Viewer()
    viewer.watch("s_1")
    viewer.of_call(7, {"name": "seven"})
    viewer.of_call(8, {"name": "eight"})
    viewer.grows("and")
    assert viewer.pop_messages() == []
    viewer.history("s_1", {"events": ["to seven"]}, 7)
    assert viewer.pop_messages() == [
        {"kind": "history", "session": "s_1", "events": ["to seven"]},
        {"kind": "call", "session": "s_1", "events": [{"name": "eight"}]},
        {"kind": "partial", "session": "s_1", "text": "and"},
    ]
    viewer.of_call(9, {"name": "nine"})
    assert viewer.pop_messages() == [
        {"kind": "call", "session": "s_1", "events": [{"name": "nine"}]}
    ]


def test_a_history_that_comes_too_late_is_of_no_use() -> None:
    viewer = Viewer()
    viewer.watch("s_1")
    viewer.watch("s_2")
    viewer.history("s_1", {"events": []}, 3)
    assert viewer.pop_messages() == []
