"""The time limit of an engine's run, after which its thread counts as hung. Pure."""

from collections.abc import Callable, Iterable, Iterator

AWAKE_S = 0.5
"""Grace after the limit: after a suspension of the process the thread may be about to finish."""
MOST_STARVED_WAITS = 3
"""The most further waits, each as long as the limit, for a starved process, which works but gets
less CPU time than the limit, since the machine is busy."""
LEAST_CPU_SHARE = 0.1
"""The least CPU time of a process that works, as a share of the time waited; below it the process
hangs."""
LEAST_AUDIO_S = 5.0
"""The shortest window of the recogniser, which a second of speech takes as long as."""
MOST_REAL_TIME_FACTOR = 0.5
"""The addition to the limit for each second of audio, s; a slower engine is too slow."""


def engine_limit_s(limit_s: float, audio_s: Iterable[float]) -> float:
    """Return the time limit of a run, s, over items with *audio_s* seconds of audio each.

    *limit_s*: the limit of a run without audio. A short audio counts as LEAST_AUDIO_S.
    """
    counted = (max(LEAST_AUDIO_S, seconds) for seconds in audio_s if seconds)
    return limit_s + MOST_REAL_TIME_FACTOR * sum(counted)


def waits(limit_s: float, cpu_s: Callable[[], float]) -> Iterator[float]:
    """Yield the waits for the end of a run, s, one after the other.

    *cpu_s* returns the CPU seconds of the process so far; it is read before the first wait and
    after each wait.
    """
    began_s, waited_s = cpu_s(), limit_s
    yield limit_s
    for _ in range(MOST_STARVED_WAITS):
        if not LEAST_CPU_SHARE * waited_s <= cpu_s() - began_s < limit_s:
            break
        waited_s += limit_s
        yield limit_s
    yield AWAKE_S
