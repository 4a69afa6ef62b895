"""A stranger's requests by HTTP."""

import asyncio
import contextlib
import time
from urllib.parse import urlsplit

from benchmarks.hostile.http_rows import HTTP_ROWS, HttpRow
from benchmarks.hostile.order import Order
from benchmarks.hostile.rows import ROWS, SOCKETS, address
from benchmarks.hostile.wire import SLICE, WireTally

ANSWER_S, ASK_AGAIN_S = 2.0, 0.02
"""The longest wait for a reply, and the pause before the next request."""


async def ask(order: Order, tally: WireTally) -> None:
    """Send an HTTP row's requests over its connections, again and again."""
    row = HTTP_ROWS[order.row]
    body = row.body()
    async with asyncio.TaskGroup() as tasks:
        for number in range(SOCKETS[order.source]):
            client_address = address(order.source, len(ROWS) + order.row, number)
            head = row.head(f"X-Forwarded-For: {client_address}\r\n", len(body))
            tasks.create_task(_asks(order, row, (head, body), tally))


async def _asks(order: Order, row: HttpRow, sends: tuple[bytes, bytes], tally: WireTally) -> None:
    """Send requests until the time is over, each over a new connection."""
    to, until = urlsplit(order.url), time.monotonic() + order.seconds
    while (left_s := until - time.monotonic()) > 0:
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(left_s if row.held else min(left_s, ANSWER_S)):
                reader, writer = await asyncio.open_connection(to.hostname, to.port)
                tally.opened += 1
                with contextlib.closing(writer.transport):
                    await _ask(reader, writer, sends, tally)
        await asyncio.sleep(ASK_AGAIN_S)


async def _ask(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    sends: tuple[bytes, bytes],
    tally: WireTally,
) -> None:
    """Send head and body, and read until the server closes or the wait is over."""

    async def send() -> None:
        with contextlib.suppress(OSError):
            for part in sends:
                for at in range(0, len(part), SLICE):
                    writer.write(part[at : at + SLICE])
                    await writer.drain()

    sending = asyncio.create_task(send())
    try:
        status = (await reader.readline())[9:12].decode("ascii", "replace")
        tally.refused[status or "cut off"] += 1
        while await reader.read(1 << 16):
            pass
    finally:
        sending.cancel()
        writer.transport.abort()
