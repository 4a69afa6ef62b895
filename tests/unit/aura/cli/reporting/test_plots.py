"""Plots are well-formed SVG whose axes are round and whose gaps are gaps."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree

import pytest

from aura.cli.reporting.plots import lines, stacked, ticks


@pytest.mark.parametrize(
    ("top", "expected"),
    [
        (0, [0, 1]),
        (4, [0, 1, 2, 3, 4]),
        (950, [0, 250, 500, 750, 1000]),
        (0.7, [0, 0.2, 0.4, 0.6, 0.8]),
    ],
)
def test_an_axis_is_marked_with_round_numbers(top: float, expected: list[float]) -> None:
    assert ticks(top) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("top", "expected"),
    [
        (1, [0, 1]),
        (2, [0, 1, 2]),
        (7, [0, 2, 4, 6, 8]),
        (10, [0, 5, 10]),
        (100, [0, 25, 50, 75, 100]),
    ],
)
def test_what_is_counted_is_marked_with_whole_numbers(top: float, expected: list[float]) -> None:
    assert ticks(top, whole=True) == expected
    drawn = stacked(["mon"], [("turns", [top])], "turns")
    assert not re.search(r"<text[^>]*>\d*\.\d", drawn)


def test_lines_that_run_on_top_of_each_other_are_told_apart() -> None:
    drawn = lines(["mon", "tue"], [(name, [500.0, 500.0]) for name in ("p50", "p95", "p99")], "ms")
    assert len(set(re.findall(r'stroke-dasharray="[^"]*"/></svg>', drawn))) == 3, "in the legend"
    assert len(set(re.findall(r'<polyline[^>]*(stroke-dasharray="[^"]*")', drawn))) == 3
    assert len(set(re.findall(r' r="(\d+)"', drawn))) == 3


def test_a_line_has_a_gap_where_nothing_is_known() -> None:
    drawn = lines(list("abcde"), [("wait", [1.0, 2.0, None, 3.0, 4.0])], "ms")
    assert drawn.count("<polyline") == 2
    assert drawn.count("<circle") == 4


def test_bars_are_stacked_and_say_their_value() -> None:
    drawn = stacked(["mon"], [("right", [3.0]), ("wrong", [1.0])], "guesses")
    assert "mon right: 3 guesses" in drawn
    assert drawn.count("<rect") == 2


@pytest.mark.parametrize("plot", [lines, stacked])
def test_whatever_is_named_the_page_stays_well_formed(plot: Callable[..., str]) -> None:
    drawn = plot(["<a>", "b&"], [('"x"<', [1.0, 2.0])], "<ms>")
    ElementTree.fromstring(f"<div>{drawn}</div>")  # noqa: S314  # ours
    assert plot([], [("nothing", [])], "ms")


def test_a_bar_of_nothing_is_not_drawn() -> None:
    assert (
        stacked(["mon", "tue"], [("turns", [3, 0]), ("calls", [None, 2])], "").count("<rect") == 2
    )
