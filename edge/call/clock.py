"""The clock of sessions: Unix ms without jumps, even if the system's time is set.

It also counts the time for which the machine is suspended, unlike `time.monotonic` on Linux.
"""

import time

_CLOCK: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""macOS has no CLOCK_BOOTTIME: its CLOCK_MONOTONIC counts a suspension."""
_START_MS = time.time() * 1000 - time.clock_gettime(_CLOCK) * 1000


def now_ms() -> int:
    """Return the time, Unix ms."""
    return int(_START_MS + time.clock_gettime(_CLOCK) * 1000)
