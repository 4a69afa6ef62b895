"""The calls of an edge: of the controller's tenant, in answers that fit a message of the bus."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest
from nats.aio.client import Client

from edge.door.connection.call_list import MOST_CALLS_PER_REPLY, CallList
from runtime.bus.connection import Bus, DeliveryHandler
from runtime.bus.delivery import Delivery
from schemas import codec, subjects
from schemas.control import CallsReply, CallsRequest, CallState


class AskedBus(Bus):
    """A bus on which edges are asked for their calls."""

    def __init__(self) -> None:
        super().__init__(Client())
        self.sent: list[tuple[str, msgspec.Struct]] = []
        self.ask: DeliveryHandler | None = None

    @asynccontextmanager
    async def listening(
        self, subject: str, handler: DeliveryHandler, *, group: str = ""
    ) -> AsyncIterator[None]:
        assert (subject, group) == (subjects.CALLS, "")
        self.ask = handler
        yield
        self.ask = None

    async def send(self, subject: str, message: msgspec.Struct) -> bool:
        self.sent.append((subject, message))
        return True


def call(number: int, tenant: str = "t") -> CallState:
    return CallState(
        session=f"s_{number}",
        tenant=tenant,
        user="u",
        protocol="x",
        agent="",
        edge="e",
        since_ms=number,
        turns=0,
        state="idle",
    )


async def answers(calls: list[CallState], data: bytes) -> list[tuple[str, CallsReply]]:
    """Return what an edge with *calls* answers to the request *data*."""
    bus = AskedBus()
    serving = asyncio.create_task(CallList(bus, "e", lambda: calls).serve())
    await asyncio.sleep(0)
    assert bus.ask
    await bus.ask(Delivery(subjects.CALLS, data, {}, reply="inbox"))
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    return [(to, reply) for to, reply in bus.sent if isinstance(reply, CallsReply)]


@pytest.mark.parametrize(
    ("tenant", "sessions"),
    [("", ["s_1", "s_2", "s_3"]), ("t", ["s_1", "s_3"]), ("rival", ["s_2"]), ("nobody", [])],
)
async def test_an_asker_is_told_of_the_calls_of_its_tenant(
    tenant: str, sessions: list[str]
) -> None:
    calls = [call(1), call(2, "rival"), call(3)]
    ((subject, reply),) = await answers(calls, codec.encode(CallsRequest(tenant=tenant)))
    assert (subject, reply.edge) == ("inbox", "e")
    assert [one.session for one in reply.calls] == sessions


@pytest.mark.parametrize(
    ("count", "sizes"),
    [
        (0, [0]),
        (1, [1]),
        (MOST_CALLS_PER_REPLY, [MOST_CALLS_PER_REPLY]),
        (MOST_CALLS_PER_REPLY + 1, [MOST_CALLS_PER_REPLY, 1]),
    ],
)
async def test_many_calls_are_told_in_several_replies(count: int, sizes: list[int]) -> None:
    calls = [call(number) for number in range(count)]
    found = await answers(calls, codec.encode(CallsRequest()))
    assert [len(reply.calls) for _, reply in found] == sizes
    assert [one for _, reply in found for one in reply.calls] == calls


async def test_the_largest_reply_fits_a_message_of_the_bus() -> None:
    large = CallState(
        session="s" * 128,
        tenant="t" * 128,
        user="u" * 128,
        protocol="continuous",
        agent="a" * 128 + "@999999",
        edge="e" * 64,
        since_ms=1_700_000_000_000,
        turns=9999,
        state="responding",
        muted=("caller", "assistant"),
    )
    ((_, reply),) = await answers([large] * MOST_CALLS_PER_REPLY, codec.encode(CallsRequest()))
    assert len(codec.encode(reply)) < 1 << 20


async def test_a_request_that_is_none_gets_no_answer() -> None:
    assert await answers([call(1)], b"\xc1") == []
