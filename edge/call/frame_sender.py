"""The caller's audio on its way to STT, without acknowledgements."""

from __future__ import annotations

import asyncio
from collections import deque

from edge.call import counters
from edge.core.effects import SendFrame
from runtime.bus.connection import Bus
from schemas import subjects

MOST_KEPT = 900
"""The kept frames, a minute and a half: older ones were recognised, or nobody waits for them."""


class FrameSender:
    """Sends frames in order and keeps the end of the latest utterance, to be sent again."""

    def __init__(self, bus: Bus, session: str) -> None:
        self._bus = bus
        self._session = session
        self._waiting: asyncio.Queue[SendFrame | None] = asyncio.Queue()
        """Ten messages a second at most, which `run` takes at once, even while the bus is away."""
        self._spoken: deque[SendFrame] = deque(maxlen=MOST_KEPT)
        self._subject = ""

    def put(self, frame: SendFrame) -> None:
        self._waiting.put_nowait(frame)

    def close(self) -> None:
        """Let `run` end when all frames are sent."""
        self._waiting.put_nowait(None)

    async def run(self) -> None:
        while (frame := await self._waiting.get()) is not None:
            if not self.latest_is(frame.utterance):
                self._spoken.clear()
                self._subject = subjects.utterance(self._session, frame.utterance)
            self._spoken.append(frame)
            if frame.frame.stands:  # this end is not urgent
                await self._bus.yield_to_jobs()
            await self._send(frame)
            if frame.frame.end:  # it is never sent again
                self._spoken.clear()

    def latest_is(self, utterance: int) -> bool:
        return bool(self._spoken) and self._spoken[0].utterance == utterance

    async def again(self) -> None:
        """Send what is kept of the latest utterance; a frame that comes twice changes nothing."""
        for frame in tuple(self._spoken):
            await self._send(frame)

    async def _send(self, audio: SendFrame) -> None:
        if not await self._bus.send(self._subject, audio.frame):
            counters.dropped("bus", len(audio.frame.pcm))
