"""What a stranger's connection may cost its neighbours, whose pings are timed beside it.

A ping is compared with those of the same bystander before, and never with less than a second: other
work on the machine of a test delays it, too.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import math
import random
import struct
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import ExitStack, asynccontextmanager

import psutil
import pytest
import websockets

from tests.aura_process import SIMULATED, AuraProcess
from tests.caller import VOICE_MS, buzz, calling, silence
from tests.flood import Flood
from tests.raw_websocket import BINARY, CONT, PING, TEXT, frame

BYSTANDER = "/ws/voice/continuous?token=demo_token&greeting=0"
SOCKETS = 4
QUIET_S, ATTACK_S = 1.0, 2.0
LEAST_S = 1.0
"""A ping is never called late before this."""
TIMES = 20
"""A ping beside an attack may take so many times the slowest one before."""
MOST_TRIES = 3

CROWD, CROWD_BYTES = 30, 120_000_000
"""Addresses, and what the edge may grow by; each of their messages has 7 MB."""

GONE_S = 20.0
"""Less than the half minute for which a connection may be slowed."""

START = frame(TEXT, b'{"type":"start_conversation"}')


def wav_header(rate_hz: int, bits: int, size: int = 0xFFFFFFFF) -> bytes:
    fmt = struct.pack("<HHIIHH", 1, 1, rate_hz, rate_hz * bits // 8, bits // 8, bits)
    data = b"data" + struct.pack("<I", size)
    return b"RIFF\xff\xff\xff\xffWAVEfmt " + struct.pack("<I", 16) + fmt + data


def empty_chunks() -> bytes:
    """A WAV whose header never ends, and is never too long."""
    return b"RIFF\xff\xff\xff\xffWAVE" + b"junk\0\0\0\0" * 8189


NOISE = random.Random(7).randbytes(7 * 1024 * 1024)  # no secret
KEYS = ('{"type":"x",' + ",".join(f'"{n}":1' for n in range(600_000)) + "}").encode()

JSON = (START, frame(TEXT, KEYS))
LONG = (START, frame(BINARY, NOISE))
ATTACKS = {
    "frames with next to nothing": {
        "empty": (START, frame(BINARY) * 10_000),
        "empty, before a start": (b"", frame(BINARY) * 10_000),
        "a byte": (START, frame(BINARY, b"x") * 10_000),
        "empty continuations": (
            START + frame(BINARY, fin=False),
            frame(CONT, fin=False) * 10_000,
        ),
        "pings": (START, frame(PING) * 10_000),
        "a character": (START, frame(TEXT, b"x") * 10_000),
    },
    "headers": {
        "one that never ends": (START + frame(BINARY, empty_chunks()), frame(BINARY) * 2000),
        "half an hour of sound": (START, frame(BINARY, wav_header(4000, 8) + bytes(8_388_000))),
        "WAVs at an odd rate": (
            START,
            frame(BINARY, wav_header(4001, 16, 64) + bytes(64)) * 4000,
        ),
    },
    "JSON with 600 000 keys": {"the same": JSON},
    "noise in messages of 7 MiB": {"the same": LONG},
}
"""By their kind; all of a kind at once."""


@pytest.fixture(scope="module")
def aura(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuraProcess]:
    process = AuraProcess(
        tmp_path_factory.mktemp("budgets"),
        env={
            **SIMULATED,
            "AURA_MAX_CONNECTIONS_PER_IP": "1000",
            "AURA_TRUSTED_PROXIES": "127.0.0.1",
        },
    )
    try:
        yield process.wait_until_ready()
    finally:
        process.stop()


class Bystander:
    """A call that is pinged all the time."""

    def __init__(self, ws: websockets.ClientConnection) -> None:
        self._ws = ws

    async def worst_s(self, seconds: float) -> float:
        """Return the slowest of the pings of *seconds*."""
        worst_s, until_s = 0.0, time.monotonic() + seconds
        while (now_s := time.monotonic()) < until_s:
            await self._ws.send(json.dumps({"type": "ping", "timestamp": now_s}))
            async with asyncio.timeout(60):
                while json.loads(await self._ws.recv()).get("timestamp") != now_s:
                    pass
            worst_s = max(worst_s, time.monotonic() - now_s)
            await asyncio.sleep(0.12)  # ten control messages a second
        return worst_s


@asynccontextmanager
async def bystander(aura: AuraProcess) -> AsyncIterator[Bystander]:
    async with websockets.connect(aura.url.replace("http", "ws", 1) + BYSTANDER) as ws:
        await asyncio.sleep(0.3)
        yield Bystander(ws)


async def delay(
    aura: AuraProcess, floods: Callable[[], Iterable[Flood]], look: Callable[[], object] = int
) -> float:
    """Return the slowest ping beside *floods*, as a share of the slowest that is allowed.

    *look* is called now and then meanwhile. A machine that stands still delays a ping, too, but not
    each time: the least of a few tries is returned.
    """
    shares = [math.inf]
    while min(shares) >= 1 and len(shares) <= MOST_TRIES:
        async with bystander(aura) as other:
            quiet_s, beside_s = await other.worst_s(QUIET_S), 0.0
            with ExitStack() as open_:
                for one in floods():
                    open_.enter_context(one)
                for _ in range(10):
                    beside_s = max(beside_s, await other.worst_s(ATTACK_S / 10))
                    look()
        shares.append(beside_s / max(LEAST_S, TIMES * quiet_s))
    return min(shares)


@pytest.mark.parametrize("kind", ATTACKS)
async def test_a_flood_delays_no_neighbour(aura: AuraProcess, kind: str) -> None:
    attacks = ATTACKS[kind].values()
    children = aura.children()

    def floods() -> Iterator[Flood]:
        for sent in itertools.islice(itertools.cycle(attacks), max(SOCKETS, len(attacks))):
            yield Flood(aura.url, "/ws", *sent)

    assert await delay(aura, floods) < 1
    assert aura.children() == children
    assert "Traceback" not in aura.said()


@pytest.mark.parametrize("attack", [JSON, LONG], ids=["JSON", "noise"])
async def test_a_crowd_shares_the_memory_for_long_messages(
    aura: AuraProcess, attack: tuple[bytes, bytes]
) -> None:
    """Each from an address of its own: nothing but the edge itself can bound them together."""
    edge = psutil.Process(aura.children()["edge"])
    rss = [edge.memory_info().rss]

    def floods() -> Iterator[Flood]:
        for number in range(CROWD):
            whose = {"X-Forwarded-For": f"198.18.0.{number + 1}"}
            yield Flood(aura.url, "/ws", *attack, headers=whose)

    assert await delay(aura, floods, lambda: rss.append(edge.memory_info().rss)) < 1
    assert max(rss) - rss[0] < CROWD_BYTES


async def test_who_goes_while_it_is_slowed_is_soon_noticed(aura: AuraProcess) -> None:
    """Its socket is not read: only what is sent to it tells that nobody is there."""
    await aura.until_nobody_calls()
    with Flood(aura.url, "/ws", START, frame(BINARY, wav_header(8000, 8) + bytes(100_000))) as it:
        await asyncio.sleep(3)
        assert it.close_code is None
    async with asyncio.timeout(GONE_S):
        await aura.until_nobody_calls()


async def test_who_floods_on_is_closed_and_told_why(aura: AuraProcess) -> None:
    with Flood(aura.url, "/ws", START, frame(BINARY, wav_header(4000, 8) + bytes(8_388_000))) as it:
        assert await asyncio.to_thread(it.closed_within, 20)
    assert it.close_code == 1008
    assert it.close_reason == "sound faster than it is spoken: more than 60 s at once"


async def test_a_recording_of_a_minute_is_welcome_at_once(aura: AuraProcess) -> None:
    async with calling(aura.url, BYSTANDER) as caller:
        await asyncio.sleep(0.2)
        await caller.ws.send(silence(57_000) + buzz(VOICE_MS) + silence(1500))
        await caller.until("ai_complete", 1, seconds=30)
        assert caller.ws.close_code is None


async def test_a_recording_in_small_messages_at_once_is_welcome(aura: AuraProcess) -> None:
    async with calling(aura.url, BYSTANDER) as caller:
        await asyncio.sleep(0.2)
        sound = (buzz(VOICE_MS) + silence(1500)) * 10
        for at in range(0, len(sound), 640):
            await caller.ws.send(sound[at : at + 640])
        await caller.until("user_transcript", 1, seconds=30)
        await caller.send({"type": "ping", "timestamp": 1})
        await caller.until("pong", 1, seconds=30)
        assert caller.ws.close_code is None
