"""The sound of a call is stored piece by piece, within its quota and what the bus takes."""

from __future__ import annotations

import asyncio
import time

import pytest
from structlog.testing import capture_logs

from edge.call.quotas import RETENTION_S, TENANT_USED_UP, RecordingQuota, RecordingQuotas
from edge.call.recording_writer import MOST_WAITING_PIECES, PieceStore, RecordingWriter
from edge.core.messages.client_events import Speech
from runtime.bus.connection import Bus
from runtime.bus.errors import BusRefusedError
from schemas import codec, subjects
from schemas.audio import BYTES_PER_MS, RecordedSound
from tests.nats_server import NatsServer

PIECE_MS = 5000
BEGAN_MS = 1_700_000_000_000


def sound(ms: int, value: int = 1) -> bytes:
    return bytes([value]) * (ms * BYTES_PER_MS)


def a_writer(
    bus: PieceStore, quota: RecordingQuota | None = None, *, timeout_s: float = 10
) -> RecordingWriter:
    quota = quota or RecordingQuotas(1000).of("t")
    return RecordingWriter(bus, "t", "s", quota, timeout_s=timeout_s)


def speak(writer: RecordingWriter, pieces: int) -> int:
    """Take so many pieces of the caller's sound; return the time after them."""
    now_ms = BEGAN_MS
    for number in range(pieces):
        now_ms += PIECE_MS
        assert not writer.note_received(sound(PIECE_MS, number % 256), now_ms)
        assert not writer.note_received(b"", now_ms + PIECE_MS)  # a piece is due
    return now_ms


async def stored(bus: Bus, side: str) -> list[RecordedSound]:
    found = await bus.read(subjects.RECORDING_STREAM, subjects.recording("t", "s", side))
    return [codec.decode_as(RecordedSound, one.data) for one in found]


async def test_both_sides_are_stored_whole_until_the_call_is_over(bus: Bus) -> None:
    writer = a_writer(bus)
    running = asyncio.create_task(writer.run())
    writer.note_sent(Speech(1, "Hi.", sound(300, 7), ends=True), BEGAN_MS + 100)
    now_ms = speak(writer, 2)
    writer.note_received(sound(200, 9), now_ms + 200)
    writer.finish(now_ms + 200)
    await asyncio.wait_for(running, 5)
    caller, client = await stored(bus, "caller"), await stored(bus, "client")
    heard = b"".join(piece.pcm for piece in caller)
    assert heard == sound(PIECE_MS, 0) + sound(PIECE_MS, 1) + sound(200, 9)
    assert caller[0].from_ms == BEGAN_MS
    assert [piece.seq for piece in caller] == list(range(len(caller)))
    assert [(piece.from_ms, piece.pcm) for piece in client] == [(BEGAN_MS + 100, sound(300, 7))]


async def test_a_quota_that_is_used_up_ends_the_recording_and_is_told_once(bus: Bus) -> None:
    quota = RecordingQuotas(1).of("t")
    writer, now_ms, why = a_writer(bus, quota), BEGAN_MS, ""
    writer.note_sent(Speech(1, "Hi.", sound(300), ends=True), now_ms + 8 * PIECE_MS)
    while not why:
        now_ms += PIECE_MS
        assert now_ms < BEGAN_MS + 20 * PIECE_MS
        why = writer.note_received(sound(PIECE_MS), now_ms)
    assert why == TENANT_USED_UP
    await asyncio.wait_for(writer.run(), 5)
    pieces = await stored(bus, "caller")
    size = sum(len(piece.pcm) for piece in pieces)
    assert 1e6 < size < 1e6 + 2 * PIECE_MS * BYTES_PER_MS, "the piece that reached it is stored"
    assert await stored(bus, "client") == []


@pytest.mark.parametrize("sent", [False, True])
async def test_either_side_may_use_the_quota_up(bus: Bus, *, sent: bool) -> None:
    quota = RecordingQuotas(1).of("t")
    quota.spend(1_000_000, time.monotonic())
    writer = a_writer(bus, quota)
    assert writer.note_sent(Speech(1, "Hi.", sound(300), ends=True), BEGAN_MS) == ""
    told = Speech(2, "Yes.", sound(300), ends=True), BEGAN_MS + PIECE_MS
    why = writer.note_sent(*told) if sent else writer.note_received(sound(20), told[1])
    assert why == TENANT_USED_UP
    await asyncio.wait_for(writer.run(), 5)


async def test_a_typed_call_is_stored_while_it_lasts() -> None:
    small, responses = SmallBus(), 60
    writer = a_writer(small)
    running = asyncio.create_task(writer.run())
    for number in range(responses):
        at_ms = BEGAN_MS + 10_000 * number
        assert not writer.note_sent(Speech(number, "Hi.", sound(3000), ends=True), at_ms)
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert len(small.pieces) == responses - 1
    writer.finish(BEGAN_MS + 10_000 * responses)
    await asyncio.wait_for(running, 5)
    found = [(one.seq, one.from_ms - BEGAN_MS, len(one.pcm)) for one in small.pieces]
    assert found == [(k, 10_000 * k, 3000 * BYTES_PER_MS) for k in range(responses)]


async def test_the_pieces_beyond_a_quota_are_told_as_gaps(bus: Bus) -> None:
    quota = RecordingQuotas(1).of("t")
    quota.spend(1_000_000, time.monotonic())
    writer = a_writer(bus, quota)
    writer.note_received(sound(1000), BEGAN_MS + 1000)
    writer.note_sent(Speech(1, "Hi.", sound(300), ends=True), BEGAN_MS + 1000)
    assert writer.finish(BEGAN_MS + 2000) == TENANT_USED_UP
    with capture_logs() as logs:
        await asyncio.wait_for(writer.run(), 5)
    assert [(one["event"], one["pieces"]) for one in logs] == [("recording_has_gaps", 1)]
    assert len(await stored(bus, "caller")) == 1, "the piece that reached it is stored"
    assert await stored(bus, "client") == []


async def test_the_quota_of_a_recording_grows_with_the_time(bus: Bus) -> None:
    began_s = 1e9
    quota = RecordingQuotas(1).of("t")
    quota.spend(900_000, began_s)
    writer = RecordingWriter(bus, "t", "s", quota, clock=lambda: began_s + RETENTION_S)
    writer.note_received(sound(PIECE_MS), BEGAN_MS + PIECE_MS)
    assert writer.finish(BEGAN_MS + PIECE_MS) == ""
    await asyncio.wait_for(writer.run(), 5)
    assert [len(piece.pcm) for piece in await stored(bus, "caller")] == [PIECE_MS * BYTES_PER_MS]


async def test_what_the_bus_takes_too_slowly_is_dropped_and_told_at_the_end(bus: Bus) -> None:
    writer = a_writer(bus)
    now_ms = speak(writer, MOST_WAITING_PIECES + 3)
    writer.finish(now_ms)
    with capture_logs() as logs:
        await asyncio.wait_for(writer.run(), 5)
    assert [(one["event"], one["pieces"]) for one in logs] == [("recording_has_gaps", 3)]
    pieces = await stored(bus, "caller")
    assert [piece.seq for piece in pieces] == list(range(MOST_WAITING_PIECES)), (
        "the oldest are kept"
    )


async def one_piece_is_lost(writer: RecordingWriter) -> None:
    """Record a whole piece, which is not stored, and a second of sound after it."""
    now_ms = speak(writer, 1)
    writer.note_received(sound(1000, 5), now_ms + 1000)
    writer.finish(now_ms + 1000)
    with capture_logs() as logs:
        await asyncio.wait_for(writer.run(), 5)
    assert [one["pieces"] for one in logs] == [1]


async def test_a_piece_that_was_not_stored_is_a_gap_and_the_next_ones_are_stored(
    bus: Bus,
) -> None:
    info = await bus.api(f"STREAM.INFO.{subjects.RECORDING_STREAM}")
    wanted = {**info["config"], "max_msg_size": PIECE_MS * BYTES_PER_MS}
    assert "error" not in await bus.api(f"STREAM.UPDATE.{subjects.RECORDING_STREAM}", wanted)
    writer = a_writer(bus)
    await one_piece_is_lost(writer)
    (piece,) = await stored(bus, "caller")
    assert piece.pcm == sound(1000, 5)


class SmallBus:
    """A bus that takes less than a whole piece."""

    def __init__(self) -> None:
        self.pieces: list[RecordedSound] = []

    async def store(
        self, subject: str, data: bytes, head: dict[str, str], *, timeout_s: float
    ) -> bool:
        del subject, head, timeout_s
        if len(data) > PIECE_MS * BYTES_PER_MS:
            raise BusRefusedError("too large")
        self.pieces.append(codec.decode_as(RecordedSound, data))
        return True


async def test_a_piece_that_is_too_large_for_the_bus_is_a_gap_too() -> None:
    small = SmallBus()
    writer = a_writer(small)
    await one_piece_is_lost(writer)
    assert [piece.pcm for piece in small.pieces] == [sound(1000, 5)]


async def test_a_call_whose_bus_is_gone_still_ends(bus: Bus, nats_server: NatsServer) -> None:
    writer = a_writer(bus, timeout_s=0.1)
    writer.finish(speak(writer, 1))
    nats_server.kill()
    async with asyncio.timeout(5):
        while bus.connected:
            await asyncio.sleep(0.01)
    with capture_logs() as logs:
        await asyncio.wait_for(writer.run(), 5)
    assert "recording_has_gaps" in [one["event"] for one in logs]
