"""What a line may have missed, heard again: from the log what was said, from here what was spoken.

The live mirror is not stored, nor is audio while its stream elects a leader. Hearing a fact or a
frame twice changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from edge.call.clock import now_ms
from edge.call.frame_sender import FrameSender
from edge.core.call import Call
from runtime.bus.connection import Bus
from runtime.bus.errors import BusAwayError
from schemas import subjects

CATCH_UP_S = 1.0
"""Between two looks at whether the stages are silent for longer than they should be."""
LIFE = "life"
"""Where another connection would say that it goes on with the session."""
HEARD_KINDS = ("heard", "say", "out", LIFE)
"""What is listened to: the stages, and who goes on with the session."""


class Resync:
    """Reads from the log what was said to nobody, and says again what nobody may have heard."""

    def __init__(
        self,
        bus: Bus,
        call: Call,
        session: tuple[str, str],
        frames: FrameSender,
        hear: Callable[[bytes, str, int], None],
    ) -> None:
        """Serve the *call* of *session* (tenant, id), whose *frames* are sent again.

        *hear* is handed each event: its bytes, its subject, its place in the log.
        """
        self._bus = bus
        self._call = call
        self._subject = subjects.session_events(*session)
        self._frames = frames
        self._hear = hear
        self._heard_seq = 0
        """In the event stream: up to here nothing of the stages was missed, or it was read."""
        self._wanted = asyncio.Event()

    def look(self) -> None:
        """Look at once: something may have been missed."""
        self._wanted.set()

    async def run(self) -> None:
        """Look when asked to, and when the stages are silent for too long, until cancelled."""
        while True:
            try:
                async with asyncio.timeout(CATCH_UP_S):
                    await self._wanted.wait()
            except TimeoutError:
                if not self._call.misses_news(now_ms()):
                    continue
            self._wanted.clear()
            if self._call.wants_words:
                await self._frames.again()
            try:
                await self._read()
            except BusAwayError:
                self._wanted.set()
                await asyncio.sleep(CATCH_UP_S)

    async def _read(self) -> None:
        stored = await self._bus.read(subjects.EVENTS_STREAM, self._subject, after=self._heard_seq)
        for one in stored:
            self._heard_seq = one.seq
            if one.subject.rpartition(".")[2] in HEARD_KINDS:
                self._hear(one.data, one.subject, one.seq)
