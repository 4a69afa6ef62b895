"""Finds Aura's running processes: each answers NATS service discovery (see `nats micro ls`)."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

import msgspec
import structlog
from nats import micro
from nats.micro.request import Request
from nats.micro.service import EndpointConfig, EndpointStats, ServiceConfig

from runtime.bus.connection import Bus
from runtime.bus.silence import answers_of_all
from runtime.process.version import version

log = structlog.get_logger(__name__)

SERVICE_PREFIX = "aura-"

Describe = Callable[[], dict[str, Any]]
Count = Annotated[int, msgspec.Meta(ge=0)]


class ProcessStatus(msgspec.Struct, frozen=True):
    """A process's description of itself; None: its role has no such field."""

    model: str | None = None
    slots: Count | None = None
    in_flight: Count | None = None
    done: Count | None = None
    failed: Count | None = None
    pid: Count | None = None
    wait_ms: Annotated[float, msgspec.Meta(ge=0)] | None = None
    """The wait of urgent jobs for the engine, though they have a slot."""
    calls: Count | None = None
    draining: bool = False
    refused: dict[str, Count] | None = None
    """The refusals by each limit since the process began."""


class Service(msgspec.Struct, frozen=True):
    """A process that answered."""

    role: str
    id: str
    status: ProcessStatus


class _Named(msgspec.Struct):
    """The part of an answer that tells whose it is."""

    name: str


class _Stats(msgspec.Struct):
    """The parts of an answer of Aura's that are read."""

    id: str
    endpoints: list[msgspec.Raw]


class _Endpoint(msgspec.Struct):
    """An endpoint of a service."""

    data: ProcessStatus | None = None


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
    """Return the processes that answered within *wait_s*, or before *silence_s* of silence.

    Raises:
        BusAwayError: the bus does not answer.
    """
    answers = await answers_of_all(bus, "$SRV.STATS", b"", wait_s, silence_s)
    found = [service for answer in answers if (service := _service_of(answer))]
    return sorted(found, key=lambda service: (service.role, service.id))


def _service_of(answer: bytes) -> Service | None:
    """Return the process in *answer*; None: another service, or no readable answer."""
    try:
        name = msgspec.json.decode(answer, type=_Named).name
    except msgspec.DecodeError:
        return None  # another service of the cluster answered
    if not name.startswith(SERVICE_PREFIX):
        return None
    try:
        stats = msgspec.json.decode(answer, type=_Stats)
        if not stats.endpoints:
            return None  # the process has not begun to serve
        status = msgspec.json.decode(stats.endpoints[0], type=_Endpoint).data
    except msgspec.DecodeError as error:
        log.warning("service_answer_malformed", service=name[:80], why=str(error))
        return None
    return Service(name.removeprefix(SERVICE_PREFIX), stats.id, status or ProcessStatus())
