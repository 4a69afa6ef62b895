"""How long a call of an engine may take: by its audio, and by the CPU that it got."""

from __future__ import annotations

import pytest

from workers.executor.engine_limit import (
    AWAKE_S,
    LEAST_AUDIO_S,
    MOST_REAL_TIME_FACTOR,
    engine_limit_s,
    waits,
)


def test_the_limit_grows_with_the_audio_of_the_whole_call() -> None:
    """A batch of long utterances is honest work; what makes no progress still hangs."""
    assert engine_limit_s(4, [0.0]) == 4
    assert engine_limit_s(4, [9.0, 7.0, 6.0]) == 4 + (9 + 7 + 6) * MOST_REAL_TIME_FACTOR


def test_many_short_utterances_take_as_long_as_the_windows_that_they_are_padded_to() -> None:
    assert engine_limit_s(4, [0.4] * 8) == 4 + 8 * LEAST_AUDIO_S * MOST_REAL_TIME_FACTOR


@pytest.mark.parametrize(
    ("had_s", "expected"),
    [
        ([0, 0.5], [10, AWAKE_S]),  # it hangs
        ([0, 10], [10, AWAKE_S]),  # it had its time, and turns round and round
        ([0, 3, 6, 12], [10, 10, 10, AWAKE_S]),  # others have the CPU
        ([0, 2, 4, 6], [10, 10, 10, 10, AWAKE_S]),
        ([5, 8, 11, 17], [10, 10, 10, AWAKE_S]),  # only what it got since the start counts
    ],
)
def test_an_engine_that_gets_little_of_the_cpu_does_not_hang(
    had_s: list[float], expected: list[float]
) -> None:
    assert list(waits(10, iter(had_s).__next__)) == expected
