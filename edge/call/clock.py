"""The clock of sessions: Unix ms without jumps, even if the system's time is set."""

import time

_START_MS = time.time() * 1000 - time.monotonic() * 1000


def now_ms() -> int:
    """Return the time, Unix ms."""
    return ms_of(time.monotonic())


def ms_of(monotonic_s: float) -> int:
    """Return a reading of `time.monotonic` as Unix ms."""
    return int(_START_MS + monotonic_s * 1000)
