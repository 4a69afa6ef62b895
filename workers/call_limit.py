"""How long a call of an engine may take before its thread counts as hung. Pure."""

from collections.abc import Callable, Iterable, Iterator

AWAKE_S = 0.5
"""Grace after the limit: after a suspension of the process the thread may be about to finish."""
MOST_STARVED_WAITS = 3
"""The most further waits, each as long as the limit, for a starved process: it works, but a busy
machine has given it less CPU time than the limit."""
LEAST_CPU_SHARE = 0.1
"""The CPU time of a process that works, as a share of the time waited; one that hangs uses less."""
MOST_REAL_TIME_FACTOR = 0.5
"""The addition to the limit for each second of audio, s; a slower engine is too slow."""


def call_limit_s(limit_s: float, audio_s: Iterable[float]) -> float:
    """Return the longest time of a call with items of so many seconds of audio each.

    *limit_s*: that of a call without audio.
    """
    return limit_s + MOST_REAL_TIME_FACTOR * sum(audio_s)


def waits(limit_s: float, cpu_s: Callable[[], float]) -> Iterator[float]:
    """Yield the seconds for which a call is waited for, one wait after the other.

    *cpu_s* returns the CPU seconds of the process so far; it is read before the first wait and
    after each one.
    """
    began_s, waited_s = cpu_s(), limit_s
    yield limit_s
    for _ in range(MOST_STARVED_WAITS):
        if not LEAST_CPU_SHARE * waited_s <= cpu_s() - began_s < limit_s:
            break
        waited_s += limit_s
        yield limit_s
    yield AWAKE_S
