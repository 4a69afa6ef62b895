"""Finds Aura's running processes: each answers NATS service discovery (see `nats micro ls`)."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from nats import micro
from nats.errors import Error as NatsError
from nats.micro.request import Request
from nats.micro.service import EndpointConfig, EndpointStats, ServiceConfig

from runtime.bus.connection import Bus
from runtime.bus.delivery import Delivery
from runtime.bus.silence import until_silent
from runtime.process.version import version

SERVICE_PREFIX = "aura-"

Describe = Callable[[], dict[str, Any]]


class Service(msgspec.Struct, frozen=True):
    """A process and its description of itself."""

    role: str
    id: str
    status: dict[str, Any]
    """Model, slots, in_flight, and more by role."""


@asynccontextmanager
async def announced(bus: Bus, role: str, describe: Describe) -> AsyncIterator[str]:
    """Answer discovery as *role* while the block is open; yields this process's id."""

    def stats(_: EndpointStats) -> Any:
        return describe()

    async def tell(request: Request) -> None:
        await request.respond(msgspec.json.encode(describe()))

    service = await micro.add_service(
        bus.nats_client,
        ServiceConfig(
            name=f"{SERVICE_PREFIX}{role}",
            version=version(),
            description=f"Aura {role}",
            stats_handler=stats,
        ),
    )
    # No queue group: each process answers for itself.
    await service.add_endpoint(
        EndpointConfig(
            name="load", subject=f"aura.srv.{role}.{service.id}", queue_group="", handler=tell
        )
    )
    try:
        yield service.id
    finally:
        if bus.connected:
            await service.stop()


async def discover(
    bus: Bus, *, wait_s: float = 0.3, silence_s: float | None = None
) -> list[Service]:
    """Return the processes that answered within *wait_s*, or before *silence_s* of silence."""
    found: list[Service] = []
    came = asyncio.Event()

    async def on_answer(answer: Delivery) -> None:
        came.set()
        try:
            stats = msgspec.json.decode(answer.data)
            name, where, data = stats["name"], stats["id"], stats["endpoints"][0]["data"]
        except (msgspec.DecodeError, KeyError, IndexError, TypeError):
            return  # some other service of the cluster
        if name.startswith(SERVICE_PREFIX):
            found.append(Service(name.removeprefix(SERVICE_PREFIX), where, data or {}))

    inbox = bus.nats_client.new_inbox()
    try:
        async with bus.listening(inbox, on_answer):
            await bus.nats_client.publish("$SRV.STATS", b"", reply=inbox)
            await until_silent(came, wait_s, silence_s)
    except NatsError:
        return []
    return sorted(found, key=lambda service: (service.role, service.id))
