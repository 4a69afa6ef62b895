"""The frames of one utterance, in order, from the first: live ones, and those spoken before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from runtime.bus.connection import Bus
from runtime.bus.delivery import Delivery
from schemas import codec, subjects
from schemas.audio import BYTES_PER_MS, AudioFrame

REPAIR_S = 0.3
"""After a gap or a silence of this long the stream is asked for what did not arrive."""
MOST_WAITING = 600
"""A minute of frames that nobody takes; then the newest are dropped, and read from the stream."""
KEPT_MS = 55_000
"""So much audio after a gap: what is missing is older than the stream keeps, and comes no more."""


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

    Ends early when nothing came for *silence_limit_s*: the edge that spoke is gone. The first
    frame has *first_limit_s* where that is given, at least twice REPAIR_S. Frames of the first
    *known_ms* of the utterance may be missing.
    """
    subject = subjects.utterance(session, utterance)
    arrived: asyncio.Queue[AudioFrame] = asyncio.Queue(MOST_WAITING)

    async def on_frame(said: Delivery) -> None:
        with suppress(codec.BadMessageError, asyncio.QueueFull):  # the gap is repaired
            arrived.put_nowait(codec.decode_as(AudioFrame, said.data))

    async with bus.listening(subject, on_frame):
        ahead: dict[int, AudioFrame] = {}
        due, silent_s = 0, 0.0
        limit_s = silence_limit_s if first_limit_s is None else first_limit_s
        await _stored(bus, subject, ahead)
        while silent_s < limit_s:
            if _is_missing(ahead, due) and _is_gone(ahead, known_ms):
                due = min(ahead)
            while (frame := ahead.pop(due, None)) is not None:
                due, silent_s, limit_s = due + 1, 0.0, silence_limit_s
                yield frame
                if frame.end:
                    return
            try:
                async with asyncio.timeout(REPAIR_S):
                    frame = await arrived.get()
                if frame.seq >= due:
                    ahead[frame.seq] = frame
                if due in ahead:
                    continue
            except TimeoutError:
                silent_s += REPAIR_S
            if _is_missing(ahead, due) or silent_s:
                await _stored(bus, subject, ahead)
                ahead = {seq: one for seq, one in ahead.items() if seq >= due}


def _is_missing(ahead: dict[int, AudioFrame], due: int) -> bool:
    """Tell whether later frames are here while frame *due* is not."""
    return bool(ahead) and due not in ahead


def _is_gone(ahead: dict[int, AudioFrame], known_ms: int) -> bool:
    """Tell whether the frames missing before those in *ahead* are not needed, or lost for good."""
    if 0 < ahead[min(ahead)].from_ms <= known_ms:
        return True
    return sum(len(frame.pcm) for frame in ahead.values()) >= KEPT_MS * BYTES_PER_MS


async def _stored(bus: Bus, subject: str, into: dict[int, AudioFrame]) -> None:
    for stored in await bus.read(subjects.AUDIO_STREAM, subject):
        try:
            frame = codec.decode_as(AudioFrame, stored.data)
        except codec.BadMessageError:
            continue
        into.setdefault(frame.seq, frame)
