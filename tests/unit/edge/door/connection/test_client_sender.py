"""Messages on their way to a client that reads slowly, or has gone."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

from edge.core.client_events import Interrupted, Speech
from edge.door.connection.client_sender import ClientSender
from edge.door.limits.budgets import Budgets
from edge.door.limits.common_bounds import MOST_CLIENT_BYTES, SendBuffer
from edge.door.limits.costs import Costs
from edge.door.limits.pace import Pace
from edge.door.limits.work_queue import WorkQueue
from edge.door.line.transport import LineTransport
from edge.protocols.client_protocol import Handshake
from edge.protocols.continuous import ContinuousProtocol
from runtime.common_share import CommonShare

CHUNKS = Handshake("c", {"audio": "chunks"})
MESSAGE = {"type": "x", "text": "." * 50_000}


class Wire:
    """A client that takes nothing until it is told how it ends."""

    def __init__(self) -> None:
        self.ends: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.sent = 0
        self.texts: list[str] = []
        self.played: list[Speech | Interrupted] = []

    @property
    def voice(self) -> Wire:
        return self

    def tell(self, event: Speech | Interrupted) -> None:
        self.played.append(event)

    async def send(self, text: str) -> None:
        await asyncio.shield(self.ends)
        self.sent += len(text)
        self.texts.append(text)

    async def close(self) -> None: ...


@contextmanager
def sending(share: CommonShare) -> Iterator[tuple[Wire, ClientSender, list[str]]]:
    wire, left = Wire(), list[str]()
    with Budgets(Costs()).opened("a", time.monotonic()) as budget:
        line = LineTransport(Pace(budget, WorkQueue(), str))
        line.attach(wire)
        protocol, buffer = ContinuousProtocol(CHUNKS), SendBuffer(share.account("a"))
        yield wire, ClientSender(line, protocol, buffer, lambda: left.append("too slow")), left


async def test_a_slow_client_must_leave_where_all_have_no_room_and_gives_all_back() -> None:
    share = CommonShare(1_000_000)
    with sending(share) as (wire, sender, left):
        task = asyncio.create_task(sender.run())
        for _ in range(30):
            sender.send([MESSAGE])
        assert left
        assert 450_000 < share.used("a") < 600_000  # half of it
        wire.ends.set_exception(ConnectionResetError())
        await task
        assert share.free() == share.size
        sender.send([MESSAGE])
        assert share.free() == share.size


async def test_text_of_any_script_counts_its_bytes() -> None:
    share = CommonShare(1e9)
    with sending(share) as (wire, sender, _):
        sender.send([{"type": "x", "text": "नमस्ते" * 10_000}])
        assert share.used("a") > 150_000
        wire.ends.set_result(None)
        sender.close()
        await sender.run()
        assert share.used("a") == 0


async def test_a_client_that_reads_slowly_is_told_the_end_of_a_response() -> None:
    with sending(CommonShare(1e9)) as (wire, sender, left):
        sender.send([MESSAGE] * (MOST_CLIENT_BYTES // 50_000 + 1))
        for text, ends in (("Hello", False), ("there", True)):
            sender.tell(Speech(1, text, bytes(6400), ends), chunks=True)
        wire.ends.set_result(None)
        sender.close()
        await sender.run()
        (told,) = [json.loads(text) for text in wire.texts if "ai_audio_chunk" in text]
        assert (told["text"], told["audio"], told["is_complete"]) == ("there", "", True)
        assert wire.played == [Speech(1, "there", b"", ends=True)]
        assert not left


async def test_what_was_sent_waits_no_more() -> None:
    share = CommonShare(1_000_000)
    with sending(share) as (wire, sender, left):
        task = asyncio.create_task(sender.run())
        wire.ends.set_result(None)
        for _ in range(30):
            sender.send([MESSAGE])
            await asyncio.sleep(0)
        sender.close()
        await task
        assert not left
        assert wire.sent > 30 * 50_000
        assert share.free() == share.size
