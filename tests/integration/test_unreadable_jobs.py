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
        await asyncio.sleep(0.1)
        info = await bus.api(f"CONSUMER.INFO.{subjects.EVENTS_STREAM}.STT")
        assert (info["num_ack_pending"], info["num_redelivered"]) == (0, 0)
        dead = await bus.api(f"STREAM.INFO.{subjects.DEAD_STREAM}")
        assert dead["state"]["messages"] == 4


async def test_a_job_of_a_newer_version_is_left_to_a_newer_worker(bus: Bus) -> None:
    newer = msgpack.packb({"type": "speech.imagined", **WHOSE, "utterance": 1})
    subject = subjects.session_events("t", "s", "speech")
    async with working(bus) as taken:
        assert await bus.store(subject, newer, {codec.TYPE_HEADER: "speech.imagined"})
        await bus.publish(speech(1))
        await until(lambda: len(taken) == 1)
        await taken[0].done()
        assert await _waiting_and_dead(bus) == (1, 0)
        async with asyncio.timeout(4 * NEWER_WORKER_S + 5):  # as often as any job
            while await _waiting_and_dead(bus) != (0, 1):
                await asyncio.sleep(0.1)
        assert len(taken) == 1


async def _waiting_and_dead(bus: Bus) -> tuple[int, int]:
    info = await bus.api(f"CONSUMER.INFO.{subjects.EVENTS_STREAM}.STT")
    dead = await bus.api(f"STREAM.INFO.{subjects.DEAD_STREAM}")
    return info["num_ack_pending"], dead["state"]["messages"]
