"""An engine is checked in a thread of its own, since it may hang."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from aura.cli.engines import _in_a_thread, show
from aura.cli.running import CommandError
from workers.engines.built_in import BUILT_IN


def test_results_come_as_they_are_known_and_in_their_order() -> None:
    asked = threading.Event()

    def results() -> Iterator[tuple[str, str]]:
        yield "first", ""
        asked.wait(5)
        yield "second", "why"

    coming = _in_a_thread(results())
    assert next(coming) == ("first", "")
    asked.set()
    assert list(coming) == [("second", "why")]


def test_a_check_that_hangs_is_told() -> None:
    for_ever = threading.Event()

    def results() -> Iterator[tuple[str, str]]:
        for_ever.wait(5)
        yield "first", ""

    with pytest.raises(CommandError, match="hangs: 0 s"):
        next(_in_a_thread(results(), wait_s=0))
    for_ever.set()


def test_the_engines_of_each_stage_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    show()
    shown = capsys.readouterr().out
    for stage, names in BUILT_IN.items():
        assert f"AURA_{stage.upper()}_ENGINE   {', '.join(names)}" in shown
