"""The steps of a turn as bars, each from the step before it."""

from __future__ import annotations

import pytest

from aura.cli.session.waterfall import BAR_COLUMNS, LEAST_BAR_COLUMNS, at_the_client, waterfall


def bars(lines: list[str]) -> list[tuple[int, int]]:
    """Return where each bar begins, and its length."""
    drawn = []
    for line in lines[1:]:
        bar = line.partition(" ms  ")[2]
        drawn.append((len(bar) - len(bar.lstrip()), bar.count("█")))
    return drawn


def test_a_turn_without_steps_has_no_lines() -> None:
    assert waterfall({}) == waterfall({"taken_ms": None, "interrupted": True}) == []


def test_steps_are_shown_in_the_order_of_their_times() -> None:
    lines = waterfall({"first_sent_ms": 800.0, "pause_ms": 100.0, "taken_ms": None, "other": 5})
    assert [line[:24].strip() for line in lines] == [
        "end of speech",
        "pause noticed",
        "first audio sent",
    ]
    assert [line[25:31].strip() for line in lines] == ["0", "100", "800"]


def test_each_bar_begins_where_the_one_before_ends_and_the_last_is_at_the_edge() -> None:
    drawn = bars(waterfall({"pause_ms": 100.0, "taken_ms": 300.0, "first_sent_ms": 400.0}))
    assert drawn == [
        (0, BAR_COLUMNS // 4),
        (BAR_COLUMNS // 4, BAR_COLUMNS // 2),
        (BAR_COLUMNS * 3 // 4, BAR_COLUMNS // 4),
    ]


def test_a_step_that_took_no_time_or_was_before_the_end_of_speech_is_a_mark() -> None:
    lines = waterfall({"pause_ms": -20.0, "taken_ms": 400.0, "first_sent_ms": 400.0})
    assert lines[1].endswith("ms  ▏")
    assert lines[3].endswith("▏")
    assert bars(lines)[1] == (0, BAR_COLUMNS)


@pytest.mark.parametrize(
    ("columns", "width"), [(200, BAR_COLUMNS), (60, 24), (10, LEAST_BAR_COLUMNS)]
)
def test_a_narrow_terminal_has_shorter_bars(columns: int, width: int) -> None:
    assert bars(waterfall({"first_sent_ms": 900.0}, columns)) == [(0, width)]
    lines = waterfall({"pause_ms": 100.0, "first_sent_ms": 900.0}, columns)
    assert max(map(len, lines)) <= max(columns, 36 + LEAST_BAR_COLUMNS)


def test_the_measurement_at_the_client_is_in_line_with_the_others() -> None:
    (head, *_) = waterfall({"first_sent_ms": 900.0})
    assert at_the_client(512.4)[:34] == f"{'heard at this end':24}    512 ms"
    assert len(head) == 34
