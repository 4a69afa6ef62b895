"""The clock of sessions: Unix ms without jumps, even if the system's time is set."""

import time

_START_MS = time.time() * 1000 - time.monotonic() * 1000


def now_ms() -> int:
    """Return the time, Unix ms."""
    return int(_START_MS + time.monotonic() * 1000)
