"""Every benchmark can be imported: a name that moved breaks here, not on the day of measuring."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

import benchmarks
from benchmarks.__main__ import USUAL

MODULES = [one.name for one in pkgutil.walk_packages(benchmarks.__path__, "benchmarks.")]


def test_the_benchmarks_are_found() -> None:
    assert {"benchmarks.latency", "benchmarks.soak.trial"} <= set(MODULES)


def test_what_make_bench_starts_is_there() -> None:
    assert {f"benchmarks.{name}" for name in USUAL} <= set(MODULES)


@pytest.mark.parametrize("name", MODULES)
def test_a_benchmark_can_be_imported(name: str) -> None:
    importlib.import_module(name)
