"""The file descriptors of an edge: raises their limit, and reports when none is free."""

import resource
import time
from collections.abc import Callable

import structlog

log = structlog.get_logger(__name__)

UNLIMITED = 1_000_000
"""The open files that are assumed where the system has no limit."""
RESERVED = 64
"""The open files kept for Aura itself: the bus, the log, models, the port of metrics."""
LOG_EVERY_S = 10.0
SHORT_FOR_S = 5.0
"""The time for which the edge counts as unhealthy after a connection found no free file."""


def raise_limit() -> int:
    """Raise the limit of open files to the hard one and return it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = UNLIMITED if hard == resource.RLIM_INFINITY else hard
    if soft != resource.RLIM_INFINITY and soft < most:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        except (ValueError, OSError) as error:  # macOS allows less than it says
            log.warning("open_files_not_raised", limit=soft, why=str(error))
            return soft
    return min(most, UNLIMITED)


class OpenFiles:
    """Knows whether connections lately found no free file descriptor."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """*clock* returns seconds."""
        self._clock = clock
        self._lacked_at_s = float("-inf")
        self._logged_at_s = float("-inf")
        self._unlogged = 0

    def lack(self, why: str) -> None:
        """Note a connection that found no file descriptor; log it now and then."""
        now_s = self._clock()
        self._lacked_at_s = now_s
        self._unlogged += 1
        if now_s - self._logged_at_s >= LOG_EVERY_S:
            self._logged_at_s = now_s
            log.error("no_room_for_connections", why=why, times=self._unlogged)
            self._unlogged = 0

    @property
    def short(self) -> bool:
        return self._clock() - self._lacked_at_s < SHORT_FOR_S
