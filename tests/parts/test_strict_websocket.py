"""Short messages go straight to whoever listens, and all messages come in their order."""

from __future__ import annotations

import asyncio
import gc
import time
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from edge.core.messages.client_commands import ClientCommand
from edge.door.audio.audio_intake import AudioIntake
from edge.door.limits.allowance import OverBudgetError
from edge.door.limits.budgets import Budgets
from edge.door.limits.costs import Costs
from edge.door.limits.pace import Pace
from edge.door.limits.work_queue import ROUND_S, WorkQueue
from edge.door.websocket.strict_websocket import StrictWebSocket
from edge.door.websocket.unparsed_frames import MOST_PIECE_BYTES, MOST_UNTAKEN_BYTES
from edge.protocols.client_protocol import Handshake
from edge.protocols.continuous import ContinuousProtocol
from runtime.common_share import CommonShare
from tests.raw_websocket import BINARY, CLOSE, PING, TEXT, RawSocket, frame, upgraded
from tests.unit.edge.door.connection.told_connection import SoundShell, ToldConnection

SOUND = "s" * 2000
OTHER = "o" * 2000


class Sounds(ContinuousProtocol):
    """A protocol whose audio is what begins with an s, or is binary."""

    def __init__(self, came: list[tuple[str, str]], *, bears_one: bool) -> None:
        """Note in *came* what came; *bears_one*: the first message costs too much."""
        super().__init__(Handshake("c"))
        self._came, self._bears_one = came, bears_one

    def receive_audio(self, raw: str | bytes, now_ms: int = 0) -> list[ClientCommand] | None:
        if isinstance(raw, str) and not raw.startswith("s"):
            return None
        self._came.append(("direct", str(raw[:1])))
        if self._bears_one:
            raise OverBudgetError(f"too much: {'ü' * 100}")
        return super().receive_audio(bytes(640), now_ms)


class Receiver(ToldConnection):
    """A server that notes how all messages came."""

    def __init__(self, *, bears_one: bool = False, named: bool = False) -> None:
        """Send a client away at its first message, if *bears_one*; *named*: it has a token."""
        super().__init__()
        self._bears_one, self._named = bears_one, named
        self.queue = WorkQueue()
        self._ws: StrictWebSocket | None = None
        self._closing: asyncio.Task[bool] | None = None
        self.came: list[tuple[str, str]] = []

    def cut_off(self, why: str) -> None:
        assert self._ws
        self._ws.cut_off(why)

    def over_budget(self, why: str) -> None:
        assert self._ws
        self._closing = asyncio.create_task(self._ws.close(code=1008, message=why.encode()))

    async def serve(self, request: web.Request) -> web.StreamResponse:
        with Budgets(Costs()).opened("a", time.monotonic()) as budget:
            budget.identify(named=self._named)
            pace = Pace(budget, self.queue, str)
            ws = self._ws = StrictWebSocket(pace, timeout=0.1)
            await ws.prepare(request)
            ws.connection = self
            room = CommonShare(0).account("a")
            sounds = Sounds(self.came, bears_one=self._bears_one)
            ws.intake = AudioIntake(SoundShell(), sounds, pace, self, room)
            async for message in ws.messages():
                self.came.append(("queued", str(message[:1])))
                if message == "end":
                    break
            await ws.close()
            return ws

    @asynccontextmanager
    async def client(self) -> AsyncIterator[RawSocket]:
        app = web.Application()
        app.router.add_get("/", self.serve)
        async with TestServer(app) as server, upgraded(str(server.make_url("/")), "/") as raw:
            yield raw


async def heard(sent: list[bytes]) -> Receiver:
    """Return who heard the pieces of *sent*, each in a packet of its own."""
    receiver = Receiver()
    async with receiver.client() as raw:
        for piece in [*sent, frame(TEXT, b"end")]:
            await raw.send(piece)
            await asyncio.sleep(0.01)
        assert await raw.close_code() is not None
    return receiver


@pytest.mark.parametrize("cuts", [(), (700,), (1, 3, 7), (8, 1400), (2007, 2100, 2101)])
async def test_sound_is_direct_however_its_packets_are_cut(cuts: tuple[int, ...]) -> None:
    stream = frame(TEXT, SOUND.encode()) + frame(BINARY, bytes(640)) + frame(TEXT, SOUND.encode())
    edges = [0, *cuts, len(stream)]
    receiver = await heard([stream[a:b] for a, b in pairwise(edges)])
    *came, end = receiver.came
    assert end == ("queued", "e")
    assert [what for _, what in came] == ["s", str(b"\0"), "s"]
    if min(cuts, default=8) >= 8:  # a head that is cut is left to the parser, with its message
        assert [how for how, _ in came] == ["direct"] * 3


@pytest.mark.parametrize(("named", "sound_comes"), [(False, "queued"), (True, "direct")])
async def test_in_full_rounds_the_messages_of_a_stranger_wait_and_come_in_their_order(
    *, named: bool, sound_comes: str
) -> None:
    receiver = Receiver(named=named)

    async def others_work() -> None:
        while True:
            receiver.queue.round.count(2 * ROUND_S)
            await asyncio.sleep(0)

    sound, other = frame(TEXT, SOUND.encode()), frame(TEXT, OTHER.encode())
    async with receiver.client() as raw:
        others = asyncio.create_task(others_work())
        await asyncio.sleep(0)
        for piece in (sound + other[:900], other[900:] + sound, frame(PING), frame(TEXT, b"end")):
            await raw.send(piece)
            await asyncio.sleep(0.01)
        assert await raw.close_code() is not None
        others.cancel()
    assert [letter for _, letter in receiver.came] == [*"sose"]
    assert receiver.came[0] == (sound_comes, "s")
    assert all(how == "queued" for how, _ in receiver.came) is not named


async def test_other_messages_are_queued_and_sound_behind_them_waits() -> None:
    sound, other = frame(TEXT, SOUND.encode()), frame(TEXT, OTHER.encode())
    receiver = await heard([sound + other + sound, frame(PING), other[:900], other[900:] + sound])
    *came, _ = receiver.came
    assert came[0] == ("direct", "s")
    assert [what for _, what in came] == ["s", "o", "s", "o", "s"]


async def test_text_that_is_none_closes_the_connection() -> None:
    receiver = Receiver()
    async with receiver.client() as raw:
        await raw.send(frame(TEXT, b"s" + b"\xff" * 500))
        assert await raw.close_code() == 1007
    assert not receiver.came


async def test_a_client_that_costs_too_much_is_heard_no_more() -> None:
    receiver = Receiver(bears_one=True)
    async with receiver.client() as raw:
        await raw.send(frame(TEXT, SOUND.encode()) * 3)
        got = await raw.receive()
    assert got == (CLOSE, (1008).to_bytes(2) + f"too much: {'ü' * 56}".encode())
    assert len(receiver.came) == 1


async def test_what_is_not_worked_on_waits_in_the_socket_and_comes_in_its_order() -> None:
    piece, count = 30_000, 100
    go_on, came, most = asyncio.Event(), list[int](), 0

    async def serve(request: web.Request) -> web.StreamResponse:
        nonlocal most
        with Budgets(Costs()).opened("a", time.monotonic()) as budget:
            ws = StrictWebSocket(Pace(budget, WorkQueue(), str), timeout=0.1)
            await ws.prepare(request)
            async for message in ws.messages():
                came.append(int(message[:4]))
                await go_on.wait()
                assert ws._frames
                most = max(most, ws._frames._untaken)
                if len(came) == count:
                    break
            await ws.close()
            return ws

    app = web.Application()
    app.router.add_get("/", serve)
    async with TestServer(app) as server, upgraded(str(server.make_url("/")), "/") as raw:
        frames = (frame(BINARY, f"{number:04}".encode().ljust(piece)) for number in range(count))
        sending = asyncio.create_task(raw.send(b"".join(frames)))
        await asyncio.sleep(0.2)
        go_on.set()
        await sending
        assert await raw.close_code() is not None
    assert came == list(range(count))
    assert 0 < most <= MOST_UNTAKEN_BYTES + MOST_PIECE_BYTES + piece


async def test_nothing_of_a_connection_that_is_over_waits_for_the_garbage_collector() -> None:
    opened: list[weakref.ref[StrictWebSocket]] = []

    async def serve(request: web.Request) -> web.StreamResponse:
        with Budgets(Costs()).opened("a", time.monotonic()) as budget:
            ws = StrictWebSocket(Pace(budget, WorkQueue(), str), timeout=0.1)
            opened.append(weakref.ref(ws))
            await ws.prepare(request)
            async for _ in ws.messages():
                break
            await ws.close()
            ws.release()
            return ws

    app = web.Application()
    app.router.add_get("/", serve)
    gc.disable()
    try:
        async with TestServer(app) as server, upgraded(str(server.make_url("/")), "/") as raw:
            await raw.send(frame(TEXT, b"end"))
            assert await raw.close_code() is not None
            for _ in range(20):
                await asyncio.sleep(0.01)
            assert [one() for one in opened] == [None]
    finally:
        gc.enable()
