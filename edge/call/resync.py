"""Resyncs a call with its stages: reads missed events from the log, and has audio sent again.

Messages of the live mirror and audio can be lost. Duplicates have no effect.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from edge.call.audio_sender import AudioSender
from edge.call.bus_outage import BusOutage
from edge.call.clock import now_ms
from edge.call.log_position import LogPosition
from edge.call.session_bus import SessionBus
from edge.core.call import Call
from runtime.bus.errors import BusAwayError
from runtime.bus.reader import Stored
from schemas import subjects

RESYNC_S = 1.0
"""The interval of checks whether the stages are silent for too long."""
STORED_AT_ONCE = 40
"""The events of the log that the call takes before other tasks run."""


async def unread_events(bus: SessionBus, position: LogPosition) -> list[Stored]:
    """Return the events after *position*, the oldest first, and move it behind them.

    Raises:
        BusAwayError: no answer; the position stays.
    """
    found: list[Stored] = []
    for subject, after in position.after.items():
        found += await bus.read(subjects.EVENTS_STREAM, subject, after=after)
    return position.read(found)


class Resync:
    """Gives missed events to the call, and sends unacknowledged audio to STT again."""

    def __init__(
        self,
        bus: SessionBus,
        call: Call,
        session_ref: tuple[str, str],
        audio_sender: AudioSender,
        outage: BusOutage,
    ) -> None:
        """Serve the *call* of *session_ref* (tenant, id); *audio_sender* keeps its sent audio.

        *outage* notes when the bus is away.
        """
        self._bus = bus
        self._call = call
        self._audio_sender = audio_sender
        self._outage = outage
        self._position = LogPosition(session_ref)
        self._wanted = asyncio.Event()

    def request(self) -> None:
        """Have `run` resync at once: events and audio may have been lost."""
        self._audio_sender.reset_resends()
        self._wanted.set()

    @contextmanager
    def linked(self, away: Callable[[], None]) -> Iterator[None]:
        """Follow the bus until the block is left; *away* is called when an outage begins."""

        def on_outage(begins: bool) -> None:
            away() if begins else self.request()

        def on_liveness(is_away: bool) -> None:
            self._outage.note("link", away=is_away)

        self._outage.changed.append(on_outage)
        self._bus.reconnected.append(self.request)
        self._bus.liveness.changed.append(on_liveness)
        on_liveness(self._bus.liveness.away)
        try:
            yield
        finally:
            self._bus.reconnected.remove(self.request)
            self._bus.liveness.changed.remove(on_liveness)
            self._outage.changed.remove(on_outage)

    async def run(self, take: Callable[[bytes, str, int], None]) -> None:
        """Resync when asked to, and when the stages are silent for too long, until cancelled.

        *take* takes each event: bytes, subject and sequence.
        """
        while True:
            try:
                async with asyncio.timeout(RESYNC_S):
                    await self._wanted.wait()
            except TimeoutError:
                if not self._call.stages.needs_resync(now_ms()):
                    continue
            self._wanted.clear()
            if self._call.wants_words:
                await self._audio_sender.resend()
            try:
                await self._read(take)
            except BusAwayError:
                self._wanted.set()
                await asyncio.sleep(RESYNC_S)

    async def _read(self, take: Callable[[bytes, str, int], None]) -> None:
        for number, event in enumerate(await unread_events(self._bus, self._position)):
            if number % STORED_AT_ONCE == 0:
                await asyncio.sleep(0)
            take(event.data, event.subject, event.seq)
