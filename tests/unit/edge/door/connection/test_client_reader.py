"""A client is obeyed in its order; sound takes no detour, and a fault ends one reader."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest

from edge.core.messages.client_commands import Audio, ClientCommand, EndSession
from edge.core.messages.inputs import Played, Typed
from edge.door.audio.audio_intake import AudioIntake
from edge.door.connection.client_reader import TOO_OFTEN, ClientReader
from edge.door.limits.budgets import Budgets
from edge.door.limits.costs import Costs
from edge.door.limits.pace import Pace
from edge.door.limits.work_queue import WorkQueue
from edge.door.line.transport import LineTransport
from edge.protocols.client_protocol import Handshake
from edge.protocols.continuous import ContinuousProtocol
from runtime.buckets import Bucket
from runtime.common_share import CommonShare
from tests.unit.edge.door.connection.told_connection import SoundShell, ToldConnection

SOUND = bytes(640)


class Client(ToldConnection):
    """A client's transport, reader and session, and what came of what it sent."""

    def __init__(self, pace: Pace, commands_per_second: float = 100) -> None:
        super().__init__()
        self.transport = LineTransport(pace)
        shell = SoundShell()
        self.sound = shell.sound
        protocol = ContinuousProtocol(Handshake("c"))
        self.intake = AudioIntake(shell, protocol, pace, self, CommonShare(0).account("a"))
        commands = Bucket(commands_per_second, commands_per_second)
        self.reader = ClientReader(self.transport, protocol, commands, self)

    def cut_off(self, why: str) -> None:
        self.transport.cut_off(why)

    async def hears_at_once(self) -> None:
        """Wait until sound is heard before it is waited for."""
        async with asyncio.timeout(20):
            while not self.transport.intake:
                await asyncio.sleep(0)

    async def obey(self, commands: list[ClientCommand]) -> None:
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
    await client.hears_at_once()
    client.transport.arrived(SOUND)
    assert client.sound == [SOUND]
    client.transport.commanded([Played(1, 20)])
    assert client.given == [Played(1, 20)]
    client.transport.left()
    await reading
    assert client.transport.intake is None
    assert client.transport.connection is None


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
    await client.hears_at_once()
    pace.budget.spend_frames(1_000_000)
    client.transport.arrived('{"type": "ping"}')
    async with asyncio.timeout(20):
        await reading
    assert len(client.excess) == 1
