"""Unit tests are quick: they wait in simulated time, and one that computes for long fails."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Generator, Mapping

import hypothesis
import pytest
from hypothesis import strategies

from tests.unit.simulated_time import SimulatedTime

MOST_CPU_S = 2.0
"""Three times what the slowest one uses. Neither the examples of `make test` nor a tracer count."""


@pytest.fixture(autouse=True, scope="session")
def _characters_are_known() -> None:
    """Have Hypothesis make its table of characters, seconds of work in a new checkout."""
    hypothesis.given(strategies.text())(lambda _text: None)()


@pytest.fixture(autouse=True, scope="session")
def _collected_tests_are_no_garbage() -> None:
    """Keep collections short: thousands of tests are marked in the thread that is timed."""
    gc.collect()
    gc.freeze()


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], SimulatedTime]]:
    return {"simulated time": SimulatedTime}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    held = item.config.getoption("hypothesis_profile", None) != "thorough" and not sys.gettrace()
    began_s = time.process_time()
    yield
    took_s = time.process_time() - began_s
    if held and took_s > MOST_CPU_S:
        pytest.fail(f"it used {took_s:.1f} s of the processor: make it smaller, or no unit test")
