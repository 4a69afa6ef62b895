"""Yields the frames of one utterance in order, from the first, live or stored.

Missing frames are read from the stream, after a gap and after each silence.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from runtime.bus.connection import Bus
from runtime.bus.delivery import Delivery, message_of
from schemas import subjects
from schemas.audio import BYTES_PER_MS, AudioFrame

REPAIR_S = 0.3
"""The silence after which frames are read from the stream."""
MOST_WAITING = 600
"""The most frames that wait to be read, a minute; newer frames are dropped and later read from the
stream."""
KEPT_MS = 55_000
"""The audio after a gap for whose missing frames is waited: they count as lost then."""


class FrameOrder:
    """Sorts frames that arrive in any order by their numbers. Pure."""

    def __init__(self, known_ms: int = 0) -> None:
        """Begin an utterance; frames of its first *known_ms* may be missing."""
        self._known_ms = known_ms
        self._due = 0
        """The number of the next frame."""
        self._ahead: dict[int, AudioFrame] = {}
        """Frames that arrived before an earlier frame."""

    def put(self, frame: AudioFrame) -> None:
        """Add a frame; a repeated frame changes nothing."""
        if frame.seq >= self._due:
            self._ahead.setdefault(frame.seq, frame)

    def next(self) -> AudioFrame | None:
        """Return the next frame, or None if it has not arrived."""
        if self._is_missing and self._is_gone:
            self._due = min(self._ahead)
        frame = self._ahead.pop(self._due, None)
        self._due += frame is not None
        return frame

    def needs_repair(self, silent_s: float) -> bool:
        """Tell whether to read the stream: a frame is missing, or none came for *silent_s*."""
        return self._due not in self._ahead and (bool(self._ahead) or silent_s > 0)

    @property
    def _is_missing(self) -> bool:
        """Whether later frames have arrived, but not the next one."""
        return bool(self._ahead) and self._due not in self._ahead

    @property
    def _is_gone(self) -> bool:
        """Whether the missing frames are not needed, or lost for good."""
        if 0 < self._ahead[min(self._ahead)].from_ms <= self._known_ms:
            return True
        return sum(len(frame.pcm) for frame in self._ahead.values()) >= KEPT_MS * BYTES_PER_MS


async def frames(
    bus: Bus,
    session: str,
    utterance: int,
    *,
    silence_limit_s: float,
    first_limit_s: float | None = None,
    known_ms: int = 0,
) -> AsyncIterator[AudioFrame]:
    """Yield the utterance's frames until its end; gaps are filled from the stream if possible.

    A silence of *silence_limit_s* ends it early, since its edge is gone. The limit for the first
    frame is *first_limit_s*, if given, which must be at least twice REPAIR_S. Frames of the first
    *known_ms* of the utterance may be missing.
    """
    subject = subjects.utterance(session, utterance)
    arrived: asyncio.Queue[AudioFrame] = asyncio.Queue(MOST_WAITING)

    async def on_frame(message: Delivery) -> None:
        if frame := message_of(AudioFrame, message.data, subject=subject):
            with suppress(asyncio.QueueFull):  # the gap is repaired
                arrived.put_nowait(frame)

    async with bus.listening(subject, on_frame):
        order, silent_s, next_s = FrameOrder(known_ms), 0.0, 0.0
        damaged: set[int] = set()
        limit_s = silence_limit_s if first_limit_s is None else first_limit_s
        await _repair(bus, subject, order, damaged)
        while silent_s < limit_s:
            while (frame := order.next()) is not None:
                silent_s, limit_s = 0.0, silence_limit_s
                yield frame
                if frame.end:
                    return
            try:
                async with asyncio.timeout(REPAIR_S):
                    order.put(await arrived.get())
            except TimeoutError:
                silent_s += REPAIR_S
            if order.needs_repair(silent_s) and asyncio.get_running_loop().time() >= next_s:
                await _repair(bus, subject, order, damaged)
                next_s = asyncio.get_running_loop().time() + REPAIR_S


async def _repair(bus: Bus, subject: str, order: FrameOrder, damaged: set[int]) -> None:
    """Add the stored frames of the stream to *order*.

    *damaged*: sequences of messages that are no frames, each of which is logged once.
    """
    for stored in await bus.read(subjects.AUDIO_STREAM, subject):
        if stored.seq in damaged:
            continue
        if frame := message_of(AudioFrame, stored.data, subject=subject):
            order.put(frame)
        else:
            damaged.add(stored.seq)
