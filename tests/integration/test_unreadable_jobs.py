"""Jobs that a worker cannot read: damaged bytes are ended, those of a newer version are left."""

from __future__ import annotations

import asyncio

import msgpack

from runtime.bus.connection import Bus
from runtime.bus.jobs import NEWER_WORKER_S
from schemas import codec, subjects
from tests.integration.test_bus import WHOSE, speech, until, working


async def test_bytes_that_are_no_event_are_ended_and_not_delivered_again(bus: Bus) -> None:
    async with working(bus) as taken:
        for data in (b"", b"\xc1\xc1", b"\x80", b"x" * 1000):
            await bus.send_raw(subjects.session_events("t", "s", "speech"), data)
        await bus.publish(speech(1))
        await until(lambda: len(taken) == 1)
        await taken[0].done()
        await _until(bus, waiting=0, dead=4)
        info = await bus.api(f"CONSUMER.INFO.{subjects.EVENTS_STREAM}.STT")
        assert info["num_redelivered"] == 0


async def test_a_job_of_a_newer_version_is_left_to_a_newer_worker(bus: Bus) -> None:
    newer = msgpack.packb({"type": "speech.imagined", **WHOSE, "utterance": 1})
    subject = subjects.session_events("t", "s", "speech")
    async with working(bus) as taken:
        assert await bus.store(subject, newer, {codec.TYPE_HEADER: "speech.imagined"})
        await bus.publish(speech(1))
        await until(lambda: len(taken) == 1)
        await taken[0].done()
        await _until(bus, waiting=1, dead=0)
        await _until(bus, waiting=0, dead=1)  # delivered as often as any job
        assert len(taken) == 1


async def _until(bus: Bus, *, waiting: int, dead: int) -> None:
    """Wait until *waiting* jobs are delivered and not ended, and *dead* are given up."""
    async with asyncio.timeout(4 * NEWER_WORKER_S + 5):
        while True:
            info = await bus.api(f"CONSUMER.INFO.{subjects.EVENTS_STREAM}.STT")
            ended = await bus.api(f"STREAM.INFO.{subjects.DEAD_STREAM}")
            if (info["num_ack_pending"], ended["state"]["messages"]) == (waiting, dead):
                return
            await asyncio.sleep(0.05)
