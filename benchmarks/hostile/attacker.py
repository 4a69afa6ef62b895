"""The process of an attacker: it sends a row's messages for some seconds, and prints its tally.

    python -m benchmarks.hostile.attacker JSON

It is a separate process that runs only when no other wants the CPU.
"""

import asyncio
import contextlib
import json
import os
import random
import resource
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.hostile.bystander import token
from benchmarks.hostile.frames import BINARY, TEXT, frame
from benchmarks.hostile.http_asks import ask
from benchmarks.hostile.order import Order
from benchmarks.hostile.rows import ROWS, START, Row, address
from benchmarks.hostile.wire import HandshakeRefusedError, Socket, WireTally
from benchmarks.soak import hostile
from benchmarks.soak.hostile_events import realtime, twilio
from edge.protocols import PROTOCOLS

RETRY_S = 0.2
"""The pause before a closed or refused socket is opened again."""
LINE = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}
HONEST = (
    '{"event": "media", "media": {"track": "inbound", "timestamp": "20", "payload": "////"}}',
    '{"event": "mark", "mark": {"name": "1.1"}}',
    '{"event": "dtmf", "dtmf": {"digit": "5"}}',
    '{"event": "stop", "stop": {}}',
    '{"event": "connected"}',
)
SOCKETS_A_DOOR = 16
"""Some hundred sockets at once, each from an address of its own, as in the other rows."""
NICENESS = 10
IN_HAND = 20
"""Messages of the fuzz between two reads of the socket."""


async def attack(order: Order, tally: WireTally) -> None:
    """Send a row over all its sockets until the time is over."""
    row, speech = ROWS[order.row], await asyncio.to_thread(Path(order.speech).read_bytes)
    first, block = row.first(speech), row.block(speech)
    async with asyncio.TaskGroup() as tasks:
        for number in range(row.sockets[order.source]):
            client_address = address(order.source, order.row, number)
            tasks.create_task(_socket(order, row, (first, block), client_address, tally))


async def _socket(
    order: Order, row: Row, sends: tuple[bytes, bytes], client_address: str, tally: WireTally
) -> None:
    """Hold one socket; open it again when it ends."""
    until = time.monotonic() + order.seconds
    key = token(f"stranger-{client_address}-{id(sends)}") if row.shows_token else ""
    while time.monotonic() < until:
        with contextlib.suppress(OSError, HandshakeRefusedError):
            async with _opened(order.url, row.path, client_address, tally, key) as socket:
                await _send(socket, row, sends, until)
        await asyncio.sleep(RETRY_S)


@asynccontextmanager
async def _opened(
    url: str, path: str, client_address: str, tally: WireTally, key: str = ""
) -> AsyncIterator[Socket]:
    """Yield an open socket whose messages are read, and close it."""
    try:
        socket = await Socket.open(url, path, client_address, tally, key)
    except (HandshakeRefusedError, OSError) as error:
        tally.refused[
            str(error) if isinstance(error, HandshakeRefusedError) else type(error).__name__
        ] += 1
        raise
    listening = asyncio.create_task(socket.listen())
    try:
        yield socket
    finally:
        listening.cancel()
        if not socket.writer.is_closing():
            socket.writer.transport.abort()


async def _send(socket: Socket, row: Row, sends: tuple[bytes, bytes], until: float) -> None:
    first, block = sends
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(max(0.0, until - time.monotonic())):
            await socket.send(first)
            while block and not socket.writer.is_closing():
                began = time.monotonic()
                await socket.send(block)
                if row.once:
                    break
                wait_s = len(block) / row.bytes_per_s if row.bytes_per_s else 0.0
                await asyncio.sleep(max(0.0, wait_s - (time.monotonic() - began)))
            while not socket.writer.is_closing():
                await asyncio.sleep(0.05)


# ---------------------------------------------------------------- malformed messages


async def fuzz(order: Order, tally: WireTally) -> None:
    """Send *count* hostile messages in all protocols, before and in calls, from new addresses."""
    doors = [
        (path, first) for path in PROTOCOLS for first in ((b"", START) if path == "/ws" else (b"",))
    ]
    await _over(order, tally, doors, hostile.for_sockets)


async def events(order: Order, tally: WireTally) -> None:
    """Send *count* hostile events to `/v1/realtime` and to Twilio's endpoint, during calls."""
    started = {"callSid": "CA1", "mediaFormat": LINE, "customParameters": {"token": token("fuzz")}}
    start = json.dumps({"event": "start", "streamSid": "MZ1", "start": started})
    first = _framed('{"event": "connected"}') + _framed(start)
    honest = [*HONEST, start]

    def realtime_events(seed: int, count: int) -> Iterator[str | bytes]:
        dice = random.Random(seed)
        return (realtime(dice) for _ in range(count))

    def twilio_events(seed: int, count: int) -> Iterator[str | bytes]:
        dice = random.Random(seed)
        return (json.dumps(twilio(dice, honest)) for _ in range(count))

    async with asyncio.TaskGroup() as tasks:
        half = replace(order, count=order.count // 2)
        tasks.create_task(_over(half, tally, [("/v1/realtime", b"")], realtime_events))
        tasks.create_task(_over(half, tally, [("/twilio/media", first)], twilio_events))


async def _over(
    order: Order,
    tally: WireTally,
    doors: list[tuple[str, bytes]],
    messages: Callable[[int, int], Iterator[str | bytes]],
) -> None:
    """Send the order's count of *messages* over *doors*, with some sockets each."""
    share = order.count // (len(doors) * SOCKETS_A_DOOR)
    until = time.monotonic() + order.seconds
    async with asyncio.TaskGroup() as tasks:
        for number, door in enumerate(doors * SOCKETS_A_DOOR):
            sent = messages(number + order.seed * len(doors) * SOCKETS_A_DOOR, share)
            tasks.create_task(_fuzz(order.url, door, sent, until, tally))


async def _fuzz(
    url: str,
    door: tuple[str, bytes],
    messages: Iterator[str | bytes],
    until: float,
    tally: WireTally,
) -> None:
    path, first = door
    rng, left = random.Random(f"{path}{first!r}{id(messages)}"), True
    while left and time.monotonic() < until:
        key = token(f"fuzz{rng.getrandbits(40)}", tenant="fuzz")
        asked = f"{path}?token={key}&greeting=0"
        client_address = f"100.{rng.randrange(64, 128)}.{rng.randrange(256)}.{rng.randrange(256)}"
        try:
            async with _opened(url, asked, client_address, tally, key) as socket:
                await socket.send(first)
                while not socket.writer.is_closing() and left:
                    some = [message for _, message in zip(range(IN_HAND), messages, strict=False)]
                    left = bool(some)
                    await socket.send(b"".join(map(_framed, some)))
                    await asyncio.sleep(0)
                    tally.messages += len(some)
        except (OSError, HandshakeRefusedError):
            await asyncio.sleep(0.01)


def _framed(message: str | bytes) -> bytes:
    if isinstance(message, str):
        return frame(TEXT, message.encode("utf-8", "surrogatepass"))
    return frame(BINARY, message)


# ---------------------------------------------------------------- slow sockets


async def slow(order: Order, tally: WireTally) -> None:
    """Hold *count* sockets: idle ones, half-sent headers, and keep-alive ones."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, order.count + 200)), hard))
    room = resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 100
    until = time.monotonic() + order.seconds
    held: list[asyncio.StreamWriter] = []
    gate = asyncio.Semaphore(200)

    async def hold(number: int) -> None:
        async with gate:
            if time.monotonic() > until:
                return
            try:
                held.append(await _slow_socket(order, number))
                tally.opened += 1
            except OSError as error:
                tally.refused[type(error).__name__] += 1

    await asyncio.gather(*(hold(number) for number in range(min(order.count, room))))
    await asyncio.sleep(max(0.0, until - time.monotonic()))
    for writer in held:
        writer.transport.abort()


async def _slow_socket(order: Order, number: int) -> asyncio.StreamWriter:
    """Open a socket from an address of the loopback net that is no trusted proxy."""
    to = urlsplit(order.url)
    last = number % 100 + 1 if order.source == "hundred" else 1
    async with asyncio.timeout(5):
        _, writer = await asyncio.open_connection(
            to.hostname, to.port, local_addr=(f"127.0.7.{last}", 0)
        )
    if number % 3 == 1:
        writer.write(b"GET /health HTTP/1.1\r\nHost: x\r\nX-A: ")
    elif number % 3 == 2:
        writer.write(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
    return writer


WHAT = {"row": attack, "http": ask, "fuzz": fuzz, "events": events, "slow": slow}


def _yield_the_cpu() -> None:
    """Let all other processes run first: strangers do not use the CPU of the machine they attack.

    Linux weighs a desktop's process sessions against each other (autogroup), and a process's
    niceness only within its session.
    """
    os.nice(NICENESS)
    with contextlib.suppress(OSError):  # a system without autogroups
        os.setsid()
        Path("/proc/self/autogroup").write_text(str(NICENESS), encoding="utf-8")


def main() -> None:
    """Run the order, and print the tally as JSON."""
    _yield_the_cpu()
    order = Order(**json.loads(sys.argv[1]))
    tally = WireTally()

    async def within() -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(order.seconds + 2):
                await WHAT[order.what](order, tally)

    asyncio.run(within())
    print(json.dumps(vars(tally)))


if __name__ == "__main__":
    main()
