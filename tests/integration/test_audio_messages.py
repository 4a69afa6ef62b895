"""The messages of an utterance, live and from the stream of a real server."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from runtime.bus.audio_messages import MOST_UNREAD_MESSAGES, REPAIR_S, audio_messages
from runtime.bus.connection import Bus
from schemas import subjects
from schemas.audio import AudioFrame


async def test_frames_spoken_before_anybody_listened_come_first(bus: Bus) -> None:
    subject = subjects.utterance("s", 1)
    for seq in range(5):
        await bus.send(subject, AudioFrame(seq=seq, pcm=bytes([seq])))
    await bus.flush()
    got: list[int] = []

    async def read() -> None:
        async for message in audio_messages(bus, "s", 1, silence_limit_s=5):
            got.append(message.seq)  # noqa: PERF401  # what came before a failure is shown

    reading = asyncio.create_task(read())
    async with asyncio.timeout(10):
        while not got:
            await asyncio.sleep(0.01)
    for seq in (6, 5, 6, 7):  # out of order and twice
        await bus.send(subject, AudioFrame(seq=seq, pcm=b"", end=seq == 7))
    await asyncio.wait_for(reading, 3)
    assert got == list(range(8))


async def test_an_utterance_whose_edge_died_ends(bus: Bus) -> None:
    await bus.send(subjects.utterance("s", 1), AudioFrame(seq=0, pcm=b""))
    await bus.flush()
    got = [message.seq async for message in audio_messages(bus, "s", 1, silence_limit_s=0.6)]
    assert got == [0]


async def test_a_damaged_frame_is_logged_once_and_without_its_content(bus: Bus) -> None:
    subject = subjects.utterance("s", 1)
    await bus.nats_client.publish(subject, b"what was said")
    await bus.send(subject, AudioFrame(seq=0, pcm=b""))
    await bus.flush()
    with capture_logs() as logs:
        got = [message.seq async for message in audio_messages(bus, "s", 1, silence_limit_s=0.9)]
    assert got == [0]
    (line,) = [one for one in logs if one["event"] == "message_malformed"]
    assert (line["kind"], line["subject"]) == ("AudioFrame", subject)
    assert "what was said" not in str(line)


@pytest.mark.parametrize("limit_s", [REPAIR_S, 5])
async def test_frames_that_nobody_took_in_time_are_read_from_the_stream(
    bus: Bus, limit_s: float
) -> None:
    subject, count = subjects.utterance("s", 1), MOST_UNREAD_MESSAGES + 50
    coming = audio_messages(bus, "s", 1, silence_limit_s=limit_s)
    await bus.send(subject, AudioFrame(seq=0, pcm=b""))
    got = [(await anext(coming)).seq]
    for seq in range(1, count):
        await bus.send(subject, AudioFrame(seq=seq, pcm=b"", end=seq == count - 1))
        if seq % 100 == 0:
            await bus.flush()
    await bus.flush()
    got += [message.seq async for message in coming]
    assert got == list(range(count))
