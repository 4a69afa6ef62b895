"""A client is obeyed in its order; sound takes no detour, and a fault ends one reader."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from edge.core.client_commands import Audio, ClientCommand, EndSession
from edge.core.client_events import ClientEvent
from edge.core.inputs import Played, Typed
from edge.door.audio_intake import AudioIntake
from edge.door.client_reader import TOO_OFTEN, ClientReader
from edge.door.limits.connection_budget import Budgets
from edge.door.limits.costs import Costs
from edge.door.limits.pace import Pace
from edge.door.limits.work_queue import WorkQueue
from edge.door.line.transport import LineTransport
from edge.protocols.client_protocol import Handshake
from edge.protocols.continuous import ContinuousProtocol
from runtime.buckets import Bucket
from runtime.common_share import CommonShare

SOUND = bytes(640)


class Client:
    """A client's transport, its reader, and what came of what it sent."""

    def __init__(self, pace: Pace, commands_per_second: float = 100) -> None:
        self.transport = LineTransport(pace)
        self.sound: list[bytes] = []
        self.obeyed: list[ClientCommand] = []
        self.given: list[Any] = []
        self.told: list[ClientEvent] = []
        self.faults: list[Exception] = []
        self.excess: list[str] = []
        self.transport.on_excess = self.excess.append
        protocol = ContinuousProtocol(Handshake("c"))
        holder = SimpleNamespace(
            cut_off=self.transport.cut_off, fail=self.faults.append, tell=self.told.append
        )
        intake = AudioIntake(
            cast("Any", SimpleNamespace(take_audio=self.sound.append)),
            protocol,
            pace,
            cast("Any", holder),
            self.given.append,
            CommonShare(0).account("a"),
        )
        sessions = SimpleNamespace(intake=intake, obey_now=self.given.append)
        self.reader = ClientReader(
            cast("Any", self.transport),
            protocol,
            Bucket(commands_per_second, commands_per_second),
            cast("Any", sessions),
            cast("Any", holder),
            obey=self._obey,
        )

    async def _obey(self, commands: list[ClientCommand]) -> None:
        for command in commands:
            if command == Typed("break"):
                raise ZeroDivisionError
            self.obeyed.append(command)


@pytest.fixture
def pace() -> Iterator[Pace]:
    with Budgets(Costs()).opened("a", time.monotonic()) as budget:
        yield Pace(budget, WorkQueue(), str)


async def test_messages_are_obeyed_in_their_order(pace: Pace) -> None:
    client = Client(pace)
    reading = asyncio.create_task(client.reader.run())
    for frame in ('{"type": "text", "text": "Hi."}', SOUND, '{"type": "end_call"}'):
        client.transport.arrived(frame)
    async with asyncio.timeout(20):
        while EndSession(close=True) not in client.obeyed:
            await asyncio.sleep(0)
    client.transport.left()
    await reading
    assert [type(one) for one in client.obeyed[1:]] == [Typed, Audio, EndSession]


async def test_sound_is_heard_before_it_is_waited_for(pace: Pace) -> None:
    client = Client(pace)
    reading = asyncio.create_task(client.reader.run())
    async with asyncio.timeout(20):
        while client.transport.on_message is None:
            await asyncio.sleep(0)
    client.transport.arrived(SOUND)
    assert client.sound == [SOUND]
    client.transport.commanded([Played(1, 20)])
    assert client.given == [Played(1, 20)]
    client.transport.left()
    await reading
    assert client.transport.on_message is None


async def test_commands_that_come_too_often_are_refused_and_sound_never_is(pace: Pace) -> None:
    client = Client(pace, commands_per_second=2)
    reading = asyncio.create_task(client.reader.run())
    for _ in range(4):
        client.transport.arrived('{"type": "ping"}')
        client.transport.arrived(SOUND)
    async with asyncio.timeout(20):
        while sum(isinstance(one, Audio) for one in client.obeyed) + len(client.sound) < 4:
            await asyncio.sleep(0)
    client.transport.left()
    await reading
    assert client.told == [TOO_OFTEN] * 2


async def test_a_fault_of_ours_ends_the_reading(pace: Pace) -> None:
    client = Client(pace)
    reading = asyncio.create_task(client.reader.run())
    client.transport.arrived('{"type": "text", "text": "break"}')
    async with asyncio.timeout(20):
        await reading
    assert [type(one) for one in client.faults] == [ZeroDivisionError]


async def test_a_client_that_costs_too_much_is_read_no_more(pace: Pace) -> None:
    client = Client(pace)
    reading = asyncio.create_task(client.reader.run())
    async with asyncio.timeout(20):
        while client.transport.on_message is None:
            await asyncio.sleep(0)
    pace.budget.frames += 1_000_000
    client.transport.arrived('{"type": "ping"}')
    async with asyncio.timeout(20):
        await reading
    assert len(client.excess) == 1
