"""Bodies that are read as far as there is memory."""

from __future__ import annotations

import asyncio
import tracemalloc

import pytest

from benchmarks.hostile.frames import wav_header
from edge.door.http.bodies import TooLongError, read_chunks
from edge.door.limits.message_memory import MessageMemory
from runtime.audio.conversion import read_wav
from runtime.audio.wav import NotAudioError

CHUNK = 1000


class Body:
    """One that comes in chunks, and goes on once it is *let*."""

    def __init__(self, chunks: int, let: asyncio.Event | None = None) -> None:
        self.left = chunks
        self._let = let

    async def more(self, _: int) -> bytes:
        if self._let and self.left == 0:
            await self._let.wait()
        self.left -= 1
        return bytes(CHUNK) if self.left >= 0 else b""


async def test_a_body_is_read_when_there_is_room_for_it() -> None:
    memory, let = MessageMemory(10 * CHUNK), asyncio.Event()
    first, second = memory.reservation("a"), memory.reservation("b")
    held = asyncio.create_task(read_chunks(Body(8, let).more, 10 * CHUNK, first))
    await asyncio.sleep(0)
    waiting = Body(8)
    waits = asyncio.create_task(read_chunks(waiting.more, 10 * CHUNK, second))
    await asyncio.sleep(0.05)
    assert waiting.left > 0
    assert first.held_bytes + second.held_bytes <= memory.size_bytes
    let.set()
    assert len(await held) == 8 * CHUNK
    first.release()
    assert len(await waits) == 8 * CHUNK


async def test_whoever_holds_room_for_long_while_others_wait_is_ended() -> None:
    memory = MessageMemory(10 * CHUNK, longest_reservation_s=0.05)
    halves = [memory.reservation(name) for name in "ab"]
    both = [read_chunks(Body(8).more, 10 * CHUNK, reservation) for reservation in halves]

    async def read(number: int) -> int:
        try:
            return len(await both[number])
        finally:
            halves[number].release()

    found = await asyncio.gather(read(0), read(1), return_exceptions=True)
    assert 8 * CHUNK in found
    assert not [one for one in found if not isinstance(one, int | TimeoutError)]


async def test_a_body_that_is_too_long_is_told_without_the_rest() -> None:
    body = Body(1000)
    with pytest.raises(TooLongError):
        await read_chunks(body.more, 5 * CHUNK)
    assert body.left > 990


def test_a_file_that_says_hours_is_refused_before_it_is_converted() -> None:
    hours = wav_header(20_000_000, rate_hz=4000, bits=8) + bytes(20_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(NotAudioError, match="600 s"):
            read_wav(hours, 600)
        assert tracemalloc.get_traced_memory()[1] < 30_000_000
    finally:
        tracemalloc.stop()
