"""The one clock of a session: Unix ms that never jump, whatever is done to the system's time."""

from __future__ import annotations

import time

_START_MS = time.time() * 1000 - time.monotonic() * 1000


def now_ms() -> int:
    """Return the time, Unix ms."""
    return int(_START_MS + time.monotonic() * 1000)
