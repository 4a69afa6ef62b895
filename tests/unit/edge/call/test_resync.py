"""Events that a connection missed are read from the log, and unacknowledged frames sent again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from edge.call.audio_sender import AudioSender
from edge.call.bus_outage import BusOutage
from edge.call.clock import now_ms
from edge.call.resync import STORED_AT_ONCE, Resync
from edge.core.call import Call
from edge.core.messages.effects import SendAudio
from runtime.bus.errors import BusAwayError
from runtime.bus.reader import Stored
from runtime.tasks import scoped_task
from schemas import subjects
from schemas.audio import AudioFrame
from schemas.events import Kind
from tests.unit.edge.call.memory_bus import MemoryBus
from tests.unit.edge.core.rehearsal import began, config


def stored(seq: int, kind: Kind) -> Stored:
    return Stored(subjects.session_events("t", "s", kind), seq, b"", {}, "")


class LogBus(MemoryBus):
    """A bus with the log of one session."""

    def __init__(self, *log: Stored) -> None:
        super().__init__()
        self.log = list(log)

    async def read(self, stream: str, subject: str, *, after: int = 0) -> list[Stored]:
        assert stream == subjects.EVENTS_STREAM
        assert subject.rpartition(".")[2] not in {"*", "turn"}, "these are long, and not needed"
        return await super().read(stream, subject, after=after)


class Missing:
    """A connection that misses what is only in the log of *bus*."""

    def __init__(self, bus: LogBus) -> None:
        self.bus = bus
        self.told = 0
        self.heard: list[int] = []
        self._came = asyncio.Event()
        self.outage = BusOutage(now_ms)
        self.sender = AudioSender(bus, "s", lambda _: True)
        self.resync = Resync(bus, Call(began(config())), ("t", "s"), self.sender, self.outage)

    def tell(self) -> None:
        self.told += 1

    def hear(self, data: bytes, subject: str, seq: int) -> None:
        del data, subject
        self.heard.append(seq)
        self._came.set()

    async def hears(self) -> list[int]:
        """Wait for events of the log; return the sequences of all so far."""
        async with asyncio.timeout(20):
            await self._came.wait()
        self._came.clear()
        return self.heard


@asynccontextmanager
async def linked(*log: Stored) -> AsyncIterator[Missing]:
    """Yield a connection that follows the link to a bus with *log*, and reads it on demand."""
    missing = Missing(LogBus(*log))
    async with scoped_task(missing.resync.run(missing.hear)):
        with missing.resync.linked(missing.tell):
            yield missing


async def test_after_a_reconnect_the_log_is_read_on_from_where_it_was_read_to() -> None:
    async with linked(stored(3, "say"), stored(4, "turn"), stored(7, "heard")) as missing:
        (reconnected,) = missing.bus.reconnected
        reconnected()
        assert await missing.hears() == [3, 7]
        missing.bus.log.append(stored(9, "out"))
        reconnected()
        assert await missing.hears() == [3, 7, 9]


async def test_after_a_reconnect_audio_that_is_rarely_sent_again_by_now_is_due() -> None:
    missing = Missing(LogBus())
    missing.sender.put(SendAudio(1, AudioFrame(seq=0, pcm=b"", end=True)))
    missing.sender.put(None)
    await missing.sender.run()
    for _ in range(4):
        await missing.sender.resend()
    before = len(missing.bus.sent)
    await missing.sender.resend()
    assert len(missing.bus.sent) == before
    with missing.resync.linked(missing.tell):
        (reconnected,) = missing.bus.reconnected
        reconnected()
    await missing.sender.resend()
    assert len(missing.bus.sent) == before + 1


async def test_other_tasks_run_while_a_long_log_is_read() -> None:
    missing = Missing(LogBus(*(stored(seq, "out") for seq in range(1, 5 * STORED_AT_ONCE))))
    async with scoped_task(missing.resync.run(missing.hear)):
        missing.resync.request()
        assert 0 < len(await missing.hears()) <= STORED_AT_ONCE
        while len(missing.heard) < 5 * STORED_AT_ONCE - 1:
            await asyncio.sleep(0)


async def test_what_was_read_before_the_bus_went_away_is_read_again() -> None:
    class Away(LogBus):
        fails = True

        async def read(self, stream: str, subject: str, *, after: int = 0) -> list[Stored]:
            if self.fails and subject.endswith("out"):
                self.fails = False
                raise BusAwayError("away")
            return await super().read(stream, subject, after=after)

    missing = Missing(Away(stored(1, "heard"), stored(2, "out")))
    async with scoped_task(missing.resync.run(missing.hear)):
        missing.resync.request()
        assert await missing.hears() == [1, 2]


async def test_a_link_that_answers_again_has_the_log_read_and_the_caller_is_told_once() -> None:
    async with linked(stored(1, "say")) as missing:
        (changed,) = missing.bus.liveness.changed
        changed(True)
        changed(True)
        assert (missing.told, missing.outage.away) == (1, {"link"})
        changed(False)
        assert await missing.hears() == [1]
    assert not missing.outage.away


async def test_an_outage_that_ends_by_the_log_has_the_log_read_too() -> None:
    async with linked(stored(1, "say")) as missing:
        (changed,) = missing.bus.liveness.changed
        changed(True)
        missing.outage.note("log", away=True)
        changed(False)
        missing.outage.note("log", away=False)
        assert await missing.hears() == [1]
    assert missing.told == 1


async def test_a_connection_whose_bus_is_away_already_is_told_at_once() -> None:
    bus = LogBus()
    bus.liveness.away = True
    missing = Missing(bus)
    with missing.resync.linked(missing.tell):
        assert missing.told == 1


async def test_a_session_that_is_over_follows_the_link_no_more() -> None:
    missing = Missing(LogBus())
    with missing.resync.linked(missing.tell):
        pass
    assert (missing.bus.reconnected, missing.bus.liveness.changed) == ([], [])
    assert missing.outage.changed == []
