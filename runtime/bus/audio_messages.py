"""Yields the audio messages of one utterance in order, from the first, live or stored.

Missing messages are read from the stream, after a gap and after each silence.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from runtime.bus.audio_order import AudioOrder
from runtime.bus.connection import Bus
from runtime.bus.delivery import Delivery, message_of
from schemas import subjects
from schemas.audio import AudioFrame

LOST_AUDIO_S = 10.0
"""The longest gap between two audio messages; after a longer gap the edge counts as gone."""
REPAIR_S = 0.3
"""The silence after which messages are read from the stream."""
MOST_UNREAD_MESSAGES = 600
"""The most messages that wait to be read, a minute; newer ones are dropped and later read from the
stream."""


async def audio_messages(
    bus: Bus,
    session: str,
    utterance: int,
    *,
    silence_limit_s: float = LOST_AUDIO_S,
    first_limit_s: float | None = None,
    known_ms: int = 0,
) -> AsyncIterator[AudioFrame]:
    """Yield the utterance's audio until its end; gaps are filled from the stream if possible.

    A silence of *silence_limit_s* ends it early, since its edge is gone. *first_limit_s*: the limit
    for the first message, if given. Those of the first *known_ms* may be missing.
    """
    subject = subjects.utterance(session, utterance)
    async with _live_messages(bus, subject) as arrived:
        order, silent_s, next_s = AudioOrder(known_ms), 0.0, 0.0
        damaged: set[int] = set()
        limit_s = silence_limit_s if first_limit_s is None else first_limit_s
        await _repair(bus, subject, order, damaged)
        while True:
            while (message := order.next()) is not None:
                silent_s, limit_s = 0.0, silence_limit_s
                yield message
                if message.end:
                    return
            if silent_s >= limit_s:
                return
            try:
                async with asyncio.timeout(REPAIR_S):
                    order.put(await arrived.get())
            except TimeoutError:
                silent_s += REPAIR_S
            if order.needs_repair(silent_s) and asyncio.get_running_loop().time() >= next_s:
                await _repair(bus, subject, order, damaged)
                next_s = asyncio.get_running_loop().time() + REPAIR_S


@asynccontextmanager
async def _live_messages(bus: Bus, subject: str) -> AsyncIterator[asyncio.Queue[AudioFrame]]:
    """Yield the queue into which messages come as they are sent."""
    arrived: asyncio.Queue[AudioFrame] = asyncio.Queue(MOST_UNREAD_MESSAGES)

    async def on_message(delivery: Delivery) -> None:
        if message := message_of(AudioFrame, delivery.data, subject=subject):
            with suppress(asyncio.QueueFull):  # the gap is repaired
                arrived.put_nowait(message)

    async with bus.listening(subject, on_message):
        yield arrived


async def _repair(bus: Bus, subject: str, order: AudioOrder, damaged: set[int]) -> None:
    """Add the stored messages of the stream to *order*.

    *damaged*: sequences of messages that hold no audio, each of which is logged once.
    """
    for stored in await bus.read(subjects.AUDIO_STREAM, subject):
        if stored.seq in damaged:
            continue
        if message := message_of(AudioFrame, stored.data, subject=subject):
            order.put(message)
        else:
            damaged.add(stored.seq)
