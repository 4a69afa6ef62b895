"""The frames of one utterance, in order, from the first: live ones, and stored ones.

A frame that does not arrive is read from the stream: after a gap, and after each silence.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from runtime.bus.connection import Bus
from runtime.bus.delivery import Delivery
from schemas import codec, subjects
from schemas.audio import BYTES_PER_MS, AudioFrame

REPAIR_S = 0.3
"""Silence after which the stream is asked for frames."""
MOST_WAITING = 600
"""Limit of frames that wait to be taken, a minute: newer ones are dropped, and read again."""
KEPT_MS = 55_000
"""Audio after a gap, from which on it is older than the stream keeps: it comes no more."""


class FrameOrder:
    """Puts frames into the order of their numbers, whatever the order they come in. Pure."""

    def __init__(self, known_ms: int = 0) -> None:
        """Begin; frames of the first *known_ms* of the utterance may be missing."""
        self._known_ms = known_ms
        self._due = 0
        """Number of the next frame."""
        self._ahead: dict[int, AudioFrame] = {}
        """Frames that came before their turn."""

    def put(self, frame: AudioFrame) -> None:
        """Take a frame; one that came before changes nothing."""
        if frame.seq >= self._due:
            self._ahead.setdefault(frame.seq, frame)

    def next(self) -> AudioFrame | None:
        """Return the next frame; None: it has not come."""
        if self._is_missing and self._is_gone:
            self._due = min(self._ahead)
        frame = self._ahead.pop(self._due, None)
        self._due += frame is not None
        return frame

    def needs_repair(self, silent_s: float) -> bool:
        """Tell whether the next frame is missing: later ones have come, or none for *silent_s*."""
        return self._due not in self._ahead and (bool(self._ahead) or silent_s > 0)

    @property
    def _is_missing(self) -> bool:
        """Later frames have come, the next one has not."""
        return bool(self._ahead) and self._due not in self._ahead

    @property
    def _is_gone(self) -> bool:
        """The missing frames are not needed, or lost for good."""
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
    """Yield the utterance's frames until its end, without a gap where they can still be had.

    A silence of *silence_limit_s* ends it early: its edge is gone. The first frame has
    *first_limit_s* where that is given, at least twice REPAIR_S. Frames of the first *known_ms*
    of the utterance may be missing.
    """
    subject = subjects.utterance(session, utterance)
    arrived: asyncio.Queue[AudioFrame] = asyncio.Queue(MOST_WAITING)

    async def on_frame(message: Delivery) -> None:
        with suppress(codec.BadMessageError, asyncio.QueueFull):  # the gap is repaired
            arrived.put_nowait(codec.decode_as(AudioFrame, message.data))

    async with bus.listening(subject, on_frame):
        order, silent_s, next_s = FrameOrder(known_ms), 0.0, 0.0
        limit_s = silence_limit_s if first_limit_s is None else first_limit_s
        await _repair(bus, subject, order)
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
                await _repair(bus, subject, order)
                next_s = asyncio.get_running_loop().time() + REPAIR_S


async def _repair(bus: Bus, subject: str, order: FrameOrder) -> None:
    """Give *order* the frames that the stream holds."""
    for stored in await bus.read(subjects.AUDIO_STREAM, subject):
        with suppress(codec.BadMessageError):
            order.put(codec.decode_as(AudioFrame, stored.data))
