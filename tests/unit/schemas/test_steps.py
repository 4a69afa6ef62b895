"""The steps of a turn stand in one table, which every drawing and count reads."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from prometheus_client import REGISTRY

from aura.cli.waterfall import waterfall
from aura.replay.compare import MEASURED
from edge.call import counters
from edge.pages import read
from schemas.events import STEPS, TurnMeasured


def test_every_time_that_is_measured_of_a_turn_is_a_step_with_a_name_or_recognition() -> None:
    times = {one.name for one in msgspec.structs.fields(TurnMeasured) if one.name.endswith("_ms")}
    assert times - {"at_ms"} == {*STEPS, "stt_ms"} == set(MEASURED)


def test_every_step_is_drawn_and_counted() -> None:
    at: dict[str, Any] = {name: 100.0 * number for number, name in enumerate(STEPS, 1)}
    drawn = "\n".join(waterfall(at))
    assert all(name in drawn for name in STEPS.values())
    measured = TurnMeasured(tenant="t", session="s", at_ms=1, turn=1, stt_ms=50.0, **at)
    before = {name: _counted(name) for name in (*STEPS, "stt_ms")}
    counters.published(measured)
    assert {name: _counted(name) for name in before} == {n: k + 1 for n, k in before.items()}


def test_the_pages_name_the_steps_as_the_terminal_does() -> None:
    named = dict(re.findall(r'(\w+_ms): "([^"]+)"', read("waterfall.js").decode()))
    assert named == dict(STEPS)


def _counted(step: str) -> float:
    label = {"step": step.removesuffix("_ms")}
    return REGISTRY.get_sample_value("aura_edge_turn_step_seconds_count", label) or 0.0
