"""A running call answers on the bus: its state, and whether a command was taken and stored."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from nats.errors import NoRespondersError
from nats.errors import TimeoutError as NatsTimeoutError

from edge.call.control_listener import ControlListener
from edge.core.messages.inputs import Commanded
from runtime.bus.connection import Bus
from schemas import codec, subjects
from schemas.control import (
    AnyCommand,
    CallReply,
    CallRequest,
    End,
    Instruct,
    Mute,
    Say,
    Transfer,
)
from tests.unit.edge.core.rehearsal import Rehearsal


class House:
    """A call with its listener, and whoever asks."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.rehearsal = Rehearsal()
        self.given: list[Commanded] = []
        self.stored = asyncio.Event()
        self.stored.set()
        self.agents = {"cook"}
        self.listener = ControlListener(
            bus, self.rehearsal.call, self._stored, self.agents.__contains__
        )

    def give(self, given: Commanded) -> None:
        self.given.append(given)
        self.rehearsal.give(given)

    async def _stored(self) -> None:
        await self.stored.wait()

    async def ask(
        self,
        command: AnyCommand | None = None,
        *,
        number: str = "c1",
        tenant: str = "",
        wait_s: float = 5,
    ) -> CallReply:
        request = CallRequest(tenant=tenant, by="op", id=number, command=command)
        return await self.ask_raw(codec.encode(request), wait_s)

    async def ask_raw(self, data: bytes, wait_s: float) -> CallReply:
        answer = await self.bus.nats_client.request(subjects.call("s"), data, timeout=wait_s)
        return codec.decode_as(CallReply, answer.data)


@asynccontextmanager
async def listening(bus: Bus) -> AsyncIterator[House]:
    house = House(bus)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(house.listener.run(house.give))
        await asyncio.sleep(0)
        await bus.flush()
        yield house
        house.listener.close()


async def test_the_state_of_a_call_is_told_to_its_tenant_and_to_operators(bus: Bus) -> None:
    async with listening(bus) as house:
        for tenant in ("", "t"):
            state = (await house.ask(tenant=tenant)).call
            assert state is not None
            assert (state.session, state.tenant, state.user, state.edge) == ("s", "t", "u", "e")
            assert (state.state, state.turns, state.muted) == ("idle", 0, ())
            assert state.since_ms == house.rehearsal.call.began.at_ms
        house.rehearsal.says(500)
        assert house.listener.state().state == "listening"
    assert house.given == []


async def test_a_call_of_another_tenant_is_none(bus: Bus) -> None:
    async with listening(bus) as house:
        for command in (None, Say("Hello.")):
            assert await house.ask(command, tenant="other") == CallReply(fault="unknown_call")
    assert house.given == []


async def test_a_command_is_answered_once_it_is_stored_with_the_state_at_its_arrival(
    bus: Bus,
) -> None:
    async with listening(bus) as house:
        house.stored.clear()
        asking = asyncio.create_task(house.ask(Mute("caller"), number="m"))
        async with asyncio.timeout(5):
            while not house.given:
                await asyncio.sleep(0.001)
        assert (await house.ask()).call is not None, "a question waits for no command"
        assert not asking.done()
        house.stored.set()
        state = (await asking).call
        assert state is not None
        assert state.muted == ("caller",)
    (given,) = house.given
    assert (given.id, given.by, given.command) == ("m", "op", Mute("caller"))


async def test_a_call_is_transferred_to_agents_that_it_may_have_and_to_no_others(
    bus: Bus,
) -> None:
    async with listening(bus) as house:
        refused = await house.ask(Transfer("nobody"), number="a")
        assert refused == CallReply(fault="cannot_transfer")
        assert house.given == []
        assert (await house.ask(Transfer("cook"), number="b")).fault is None
        house.agents.clear()
        again = await house.ask(Transfer("cook"), number="b")
        assert again.fault is None, "the same command once more is no other transfer"


@pytest.mark.parametrize("command", [Say("Hello."), Instruct("Be brief.")])
async def test_a_call_that_ends_takes_no_command_and_still_tells_its_state(
    bus: Bus, command: AnyCommand
) -> None:
    async with listening(bus) as house:
        await house.ask(End(), number="e")
        assert (await house.ask(command, number="f")).fault == "call_ending"
        assert (await house.ask()).call is not None
    assert [given.id for given in house.given] == ["e"]


async def test_bytes_that_are_no_request_and_messages_without_an_asker_are_ignored(
    bus: Bus,
) -> None:
    async with listening(bus) as house:
        with pytest.raises(NatsTimeoutError):
            await house.ask_raw(b"\xc1", 0.05)
        request = CallRequest(id="x", command=Say("Hello."))
        await bus.send(subjects.call("s"), request)
        assert (await house.ask()).call is not None
    assert house.given == []


async def test_a_listener_that_is_closed_answers_no_more_and_lets_go_of_the_session(
    bus: Bus,
) -> None:
    async with listening(bus) as house:
        await house.ask()
    with pytest.raises(NoRespondersError):
        await house.ask()
    assert not hasattr(house.listener, "_give")
