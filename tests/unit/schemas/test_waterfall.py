"""The times of the waterfall stand in one table, which every drawing and count reads."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from prometheus_client import REGISTRY

from aura.cli.session.waterfall import waterfall
from aura.replay.compare import MEASURED
from edge.call import counters
from edge.pages import read
from schemas.events import WATERFALL, TurnMeasured


def test_every_measured_time_of_a_turn_has_a_name_or_is_the_recognition() -> None:
    times = {
        field.name for field in msgspec.structs.fields(TurnMeasured) if field.name.endswith("_ms")
    }
    assert times - {"at_ms"} == {*WATERFALL, "stt_ms"} == set(MEASURED)


def test_every_time_is_drawn_and_counted() -> None:
    at: dict[str, Any] = {name: 100.0 * number for number, name in enumerate(WATERFALL, 1)}
    drawn = "\n".join(waterfall(at))
    assert all(name in drawn for name in WATERFALL.values())
    measured = TurnMeasured(tenant="t", session="s", at_ms=1, turn=1, stt_ms=50.0, **at)
    before = {name: _counted(name) for name in (*WATERFALL, "stt_ms")}
    counters.published(measured)
    assert {name: _counted(name) for name in before} == {n: k + 1 for n, k in before.items()}


def test_the_pages_name_the_times_as_the_terminal_does() -> None:
    named = dict(re.findall(r'(\w+_ms): "([^"]+)"', read("waterfall.js").decode()))
    assert named == dict(WATERFALL)


def _counted(step: str) -> float:
    label = {"step": step.removesuffix("_ms")}
    return REGISTRY.get_sample_value("aura_edge_turn_step_seconds_count", label) or 0.0
