"""Messages on their way to a client that reads slowly, or has gone."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from edge.door.client_sender import ClientSender
from edge.door.limits.common_bounds import SendBuffer
from edge.door.transport import Transport
from edge.protocols.client_protocol import Handshake
from edge.protocols.continuous import ContinuousProtocol
from runtime.common_share import CommonShare

MESSAGE = {"type": "x", "text": "." * 50_000}


class Wire:
    """A client that takes nothing until it is told how it ends."""

    def __init__(self) -> None:
        self.ends: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.sent = 0
        self.player = None

    async def send_str(self, data: str) -> None:
        await asyncio.shield(self.ends)
        self.sent += len(data)


def sending(share: CommonShare) -> tuple[Wire, ClientSender, list[str]]:
    wire, left = Wire(), list[str]()
    sender = ClientSender(
        cast("Transport", cast("Any", wire)),  # a socket is not needed for its bytes to wait
        ContinuousProtocol(Handshake("c")),
        SendBuffer(share.account("a")),
        lambda: left.append("too slow"),
    )
    return wire, sender, left


async def test_a_slow_client_must_leave_where_all_have_no_room_and_gives_all_back() -> None:
    share = CommonShare(1_000_000)
    wire, sender, left = sending(share)
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


async def test_what_was_sent_waits_no_more() -> None:
    share = CommonShare(1_000_000)
    wire, sender, left = sending(share)
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
