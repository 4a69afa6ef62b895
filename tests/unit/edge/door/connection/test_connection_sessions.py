"""A connection has one session at a time, and none once that ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest
from nats.aio.client import Client

from edge.core.messages.client_commands import Ask, Begin, EndSession, Reconfigure, Reply
from edge.core.messages.client_events import ClientToolCalled, Transferred
from edge.core.messages.inputs import Started, Typed
from edge.door.callers.auth import Caller
from edge.door.connection.connection_sessions import ConnectionSessions
from edge.door.limits.budgets import Budgets
from edge.door.limits.costs import Costs
from edge.door.limits.pace import Pace
from edge.door.limits.work_queue import WorkQueue
from edge.door.line.transport import LineTransport
from edge.door.opening.seat import Seat
from edge.door.refusal import RefusedError
from edge.door.state import Edge
from edge.protocols.client_protocol import Handshake
from edge.protocols.conversational import ConversationalProtocol
from runtime.bus.connection import Bus
from schemas import events as ev
from schemas.subjects import agent_key
from schemas.tools import SEND_DTMF
from tests.edge_in_process import an_edge
from tests.unit.edge.call.memory_bus import MemoryBus
from tests.unit.edge.door.connection.told_connection import ToldConnection

AGENTS = {
    "host": "prompt: Host.\ntransfer_to: [cook]\nphones: {desk: '+15550100', nobody: '+15550101'}",
    "cook": "prompt: Cook.",
}


class SlowBus(MemoryBus):
    """A bus that stores while *stores* is set."""

    def __init__(self) -> None:
        super().__init__()
        self.stores = asyncio.Event()
        self.stores.set()

    async def publish(self, event: ev.Event, data: bytes, *, timeout_s: float) -> int:
        await self.stores.wait()
        return await super().publish(event, data, timeout_s=timeout_s)


class Handset:
    """A telephone that can reach the desk only."""

    def __init__(self) -> None:
        self.pressed: list[str] = []

    async def press(self, keys: str) -> bool:
        self.pressed.append(keys)
        return True

    async def transfer(self, to: str) -> bool:
        return to == "+15550100"


@dataclass
class Held:
    """The sessions of one connection, and what came of them."""

    bus: SlowBus
    phone: Handset
    connection: ToldConnection
    sessions: ConnectionSessions

    def of(self, kind: type[ev.Event]) -> list[ev.Event]:
        """Return the stored events of *kind*."""
        return [one for one in self.bus.stored if type(one) is kind]

    @property
    def is_idle(self) -> bool:
        return self.sessions.shell is None and self.sessions.intake is None

    @property
    def reasons(self) -> list[str]:
        return [one.reason for one in self.bus.stored if isinstance(one, ev.SessionEnded)]


@pytest.fixture
async def edge() -> AsyncIterator[Edge]:
    """An edge with two agents, away from its bus."""
    async with an_edge(Bus(Client()), greeting="Welcome.") as edge:
        for number, (name, text) in enumerate(AGENTS.items(), 1):
            edge.agents.table.note(agent_key("acme", name), number, text.encode())
        yield edge


@pytest.fixture
async def held(edge: Edge) -> AsyncIterator[Held]:
    with Budgets(Costs()).opened("203.0.113.1", time.monotonic()) as budget:
        line, bus, phone = LineTransport(Pace(budget, WorkQueue(), str)), SlowBus(), Handset()
        line.phone = phone
        protocol = ConversationalProtocol(Handshake("conn_1"))
        seat = Seat(edge.seats, protocol, Caller("ann", "acme"), "203.0.113.1")
        quota = edge.quotas.log.of(seat.address, stranger=False)
        connection, services = ToldConnection(), replace(edge.services, bus=bus)
        sessions = ConnectionSessions(services, seat, quota, line, connection)
        yield Held(bus, phone, connection, sessions)
        bus.stores.set()
        await sessions.end("failed")


async def test_a_session_is_stored_from_its_beginning_to_its_end(held: Held) -> None:
    shell, opening = await held.sessions.begin(Begin())
    assert (held.sessions.shell, opening.history) == (shell, None)
    shell.give(Started())
    await held.sessions.end("caller_left")
    assert held.bus.stored[0] == opening.began
    assert held.reasons == ["caller_left"]
    assert held.is_idle


async def test_what_still_stores_its_last_events_is_no_session_any_more(held: Held) -> None:
    """Nothing reaches it, and nobody ends it twice: a later end is for a later session."""
    await held.sessions.begin(Begin())
    held.bus.stores.clear()
    ending = asyncio.create_task(held.sessions.end("end_call"))
    await asyncio.sleep(0)
    assert held.is_idle
    await held.sessions.end("drained")
    assert not ending.done()
    held.bus.stores.set()
    await ending
    assert held.reasons == ["end_call"]


async def test_the_next_session_ends_the_one_before(held: Held) -> None:
    first, _ = await held.sessions.begin(Begin())
    second, _ = await held.sessions.begin(Begin())
    assert (held.sessions.shell, held.reasons) == (second, ["end_call"])
    assert first.session != second.session


async def test_a_session_that_is_refused_leaves_none(held: Held) -> None:
    await held.sessions.begin(Begin())
    with pytest.raises(RefusedError, match="nobody"):
        await held.sessions.begin(Begin(agent="nobody"))
    assert held.is_idle
    assert held.reasons == ["end_call"]


async def test_a_connection_that_is_cut_leaves_its_session_to_the_edge(held: Held) -> None:
    await held.sessions.begin(Begin())
    running = held.sessions.detach()
    assert running
    assert held.is_idle
    await running
    assert held.reasons == ["failed"]
    assert held.sessions.detach() is None


async def test_a_reconfiguration_that_changes_nothing_is_not_stored(held: Held) -> None:
    held.sessions.obey_now(Reconfigure({"language": "fr"}))  # there is no session
    shell, _ = await held.sessions.begin(Begin({"language": "de"}))
    for language in ("de", "fr"):
        held.sessions.obey_now(Reconfigure({"language": language}))
    assert shell.call.config.language == "fr"
    await held.sessions.end("end_call")
    assert len(held.of(ev.SessionReconfigured)) == 1


async def test_commands_reach_the_session_and_replies_the_client(held: Held) -> None:
    held.sessions.obey_now(Ask("r1"))
    held.sessions.obey_now(Reply({"type": "pong"}))
    assert held.connection.noted == ["reply: {'type': 'pong'}"]
    shell, _ = await held.sessions.begin(Begin())
    shell.give(Started())
    held.sessions.obey_now(Typed("Hello?"))
    await held.sessions.end("end_call")
    (turn,) = held.of(ev.TurnCommitted)
    assert isinstance(turn, ev.TurnCommitted)
    assert turn.text == "Hello?"
    with pytest.raises(TypeError, match="for the connection"):
        held.sessions.obey_now(EndSession(close=False))


async def test_a_response_may_have_a_configuration_of_its_own(held: Held) -> None:
    shell, _ = await held.sessions.begin(Begin())
    shell.give(Started())
    held.sessions.obey_now(Ask("r1", {"response.system_prompt": "Rhyme."}))
    await held.sessions.end("end_call")
    assert shell.call.config.response.system_prompt != "Rhyme."
    (taken,) = (one for one in held.bus.stored if isinstance(one, ev.TurnTaken))
    assert taken.system == "Rhyme."


async def test_a_transfer_changes_the_agent_and_keeps_the_clients_latest_changes(
    held: Held,
) -> None:
    assert not held.sessions.can_transfer("cook")
    shell, _ = await held.sessions.begin(Begin(agent="host"))
    held.sessions.obey_now(Reconfigure({"language": "fr"}))
    assert held.sessions.can_transfer("cook")
    assert held.sessions.can_transfer("desk")
    assert not held.sessions.can_transfer("nowhere")
    await held.sessions.transfer(shell, "c1", "cook")
    config = shell.call.config
    assert (config.response.system_prompt, config.language) == ("Cook.", "fr")
    assert held.connection.told[-1] == Transferred("cook")


async def test_a_transfer_of_a_session_that_has_ended_is_not_told(held: Held) -> None:
    shell, _ = await held.sessions.begin(Begin(agent="host"))
    held.bus.stores.clear()
    ending = asyncio.create_task(held.sessions.end("end_call"))
    await asyncio.sleep(0)
    await held.sessions.transfer(shell, "c1", "cook")
    held.bus.stores.set()
    await ending
    assert Transferred("cook") not in held.connection.told


@pytest.mark.parametrize("to", ["nowhere", "nobody"])
async def test_a_transfer_that_fails_leaves_the_agent(held: Held, to: str) -> None:
    shell, _ = await held.sessions.begin(Begin(agent="host"))
    await held.sessions.transfer(shell, "c1", to)
    assert shell.call.config.response.system_prompt == "Host."
    assert held.connection.told == []


@pytest.mark.parametrize(("keys", "pressed"), [("12#", ["12#"]), ("call me", [])])
async def test_keys_are_pressed_on_the_telephone(held: Held, keys: str, pressed: list[str]) -> None:
    await held.sessions.begin(Begin())
    assert not held.sessions.run_phone_tool(ClientToolCalled("c1", "look_up", "{}"))
    arguments = f'{{"keys": "{keys}"}}'
    assert held.sessions.run_phone_tool(ClientToolCalled("c1", SEND_DTMF.name, arguments))
    await asyncio.sleep(0)
    assert held.phone.pressed == pressed
