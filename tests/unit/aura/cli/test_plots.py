"""Plots are well-formed SVG whose axes are round and whose gaps are gaps."""

from __future__ import annotations

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
