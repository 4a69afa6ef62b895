"""Lets the jobs of one session wait for their slots."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from edge.door.limits.job_slots import JobSlots, SessionSlots
from schemas.events import Event

MOST_WAIT_S = 10.0
"""The longest wait of a job for its slot; then it is not done."""


class SessionJobs:
    """The jobs of one session, until it leaves."""

    def __init__(
        self,
        slots: JobSlots,
        address: str,
        *,
        stranger: bool,
        clock: Callable[[], float] = time.monotonic,
        most_wait_s: float = MOST_WAIT_S,
    ) -> None:
        """Hold slots for a session of *address*; *clock* returns seconds."""
        self._slots = SessionSlots(slots, address, stranger=stranger)
        self._clock = clock
        self._most_wait_s = most_wait_s

    async def take(self, event: Event) -> bool:
        """Return once the job *event* may be stored; False: it must be no job.

        Other events pass at once.
        """
        found = self._slots.want(event, self._clock())
        if isinstance(found, bool):
            return found
        ended = asyncio.Event()
        found.on_end = ended.set
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._most_wait_s):
                    await ended.wait()
        finally:
            holds = self._slots.stop_waiting(found)
        return holds

    def note_stored(self, event: Event) -> None:
        """Note an event that was stored, of a stage or of the edge."""
        self._slots.note_stored(event, self._clock())

    def leave(self) -> None:
        """Stop waiting: the session ends. Its stages go on with what they have."""
        self._slots.leave()
