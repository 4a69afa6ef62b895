"""Unit tests are quick: one that uses more than a moment of the processor fails."""

from __future__ import annotations

import time
from collections.abc import Generator

import pytest

MOST_CPU_S = 2.0
"""Three times what the slowest one uses; `make test` draws more examples, and is not held to it."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    thorough = item.config.getoption("hypothesis_profile", None) == "thorough"
    began_s = time.process_time()
    yield
    took_s = time.process_time() - began_s
    if took_s > MOST_CPU_S and not thorough:
        pytest.fail(f"it used {took_s:.1f} s of the processor: make it smaller, or no unit test")
