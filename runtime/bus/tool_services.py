"""Tools as NATS micro services (ADR-32 of NATS): serves, finds and calls them.

A tool is an endpoint of a service `auratools` on `aura.tool.<tenant>.<name>`, where the tenant `*`
stands for every tenant. The endpoint's metadata hold the description for the model, so any
language can serve a tool.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import structlog
from nats import micro
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError
from nats.errors import TimeoutError as NatsTimeoutError
from nats.micro.request import ERROR_HEADER, Request
from nats.micro.service import EndpointConfig, ServiceConfig

from runtime.bus import trace
from runtime.bus.connection import Bus
from runtime.bus.errors import BusAwayError, BusError
from runtime.bus.silence import answers_of_all
from runtime.tasks import cancel
from runtime.text.printable import printable
from schemas import subjects
from schemas.codec import Headers
from schemas.tools import MOST_TOOL_BYTES, ToolConfig

log = structlog.get_logger(__name__)

SERVICE = "auratools"
SERVICE_VERSION = "1.0.0"
KEY_HEADER = "Idempotency-Key"
SESSION_HEADER = "Aura-Session"
EVERY_TENANT = "*"
TOOLS_DISCOVERY_S = 0.3
"""The longest wait for the answers of services about their tools."""
MOST_CALLS_AT_ONCE = 64
"""The most calls that one service runs at a time."""
ANSWER_RETRY_S = 0.1
MOST_REFUSAL_CHARS = 400
LOST = "the connection to the tool was lost; the call may have been done"


class NobodyServesError(BusError):
    """No service listens for the tool: the call has certainly not begun."""


class ToolRefusedError(Exception):
    """The service answered with an error; the message is its text."""


_NO_ANSWER = (NobodyServesError, TimeoutError, BusAwayError)


class ServedTool(msgspec.Struct, frozen=True):
    """A tool that a service on this bus offers to *tenant*; `*` stands for all tenants."""

    tenant: str
    tool: ToolConfig


async def call_tool(
    bus: Bus, subject: str, arguments: bytes, headers: Headers, timeout_s: float
) -> bytes:
    """Call the tool on *subject* and return its result.

    If no service listens yet, the call waits for one for up to a second.

    Raises:
        NobodyServesError: no service listens.
        ToolRefusedError: the service answered with an error.
        TimeoutError: no answer within *timeout_s*; the service may have begun.
        BusAwayError: the connection is lost.
    """
    headers = {**headers, **trace.headers()}
    clock = asyncio.get_running_loop().time
    began_s = clock()
    while True:
        left_s = timeout_s - (clock() - began_s)
        try:
            answer = await bus.nats_client.request(
                subject, arguments, timeout=max(0.01, left_s), headers=headers
            )
        except NoRespondersError as error:
            if clock() - began_s < min(1.0, timeout_s / 2):
                await asyncio.sleep(ANSWER_RETRY_S)
                continue
            raise NobodyServesError(subject) from error
        except NatsTimeoutError as error:
            raise TimeoutError from error
        except NatsError as error:
            raise BusAwayError(f"{subject} was not called: {error!r}") from error
        if (said := (answer.headers or {}).get(ERROR_HEADER)) is not None:
            raise ToolRefusedError(said)
        return answer.data


async def call_idempotent_tool(
    bus: Bus, subject: str, arguments: bytes, headers: Headers, timeout_s: float
) -> bytes:
    """Call a tool, and once more after half of *timeout_s*; the first answer counts.

    The service may have died with the first call, and another one may do the second.

    Raises:
        NobodyServesError, ToolRefusedError, TimeoutError, BusAwayError: as of `call_tool`.
    """
    # no task group: the failure of one call must not cancel the other
    calls = {asyncio.create_task(call_tool(bus, subject, arguments, headers, timeout_s))}
    started = set(calls)
    try:
        if not (await asyncio.wait(calls, timeout=timeout_s / 2))[0]:
            again = call_tool(bus, subject, arguments, headers, timeout_s / 2)
            calls.add(asyncio.create_task(again))
            started |= calls
        while True:
            done, calls = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
            ended = min(done, key=lambda call: isinstance(call.exception(), _NO_ANSWER))
            if not calls or not isinstance(ended.exception(), _NO_ANSWER):
                return ended.result()
    finally:
        await cancel(started)


# ---------------------------------------------------------------- discovery


async def served_tools(bus: Bus, *, silence_s: float | None = None) -> list[ServedTool]:
    """Return the tools of all services that answered within TOOLS_DISCOVERY_S, without duplicates.

    The wait ends earlier if *silence_s* passes without a further answer.

    Raises:
        BusAwayError: the bus does not answer.
    """
    subject = f"$SRV.INFO.{SERVICE}"
    answers = await answers_of_all(bus, subject, b"", TOOLS_DISCOVERY_S, silence_s)
    served = [entry for answer in answers for entry in _read(answer)]
    found = {(entry.tenant, entry.tool.name): entry for entry in served}
    return [found[key] for key in sorted(found)]


def _read(info: bytes) -> list[ServedTool]:
    """Return the valid tools in a service's description; invalid ones are logged."""
    try:
        endpoints = msgspec.json.decode(info)["endpoints"]
    except (msgspec.DecodeError, KeyError, TypeError, RecursionError):
        return []
    tools = []
    for endpoint in endpoints if isinstance(endpoints, list) else []:
        try:
            tools.append(described(endpoint["subject"], endpoint.get("metadata") or {}))
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            log.warning("tool_not_usable", error=str(error)[:120])
    return tools


def described(subject: str, metadata: Mapping[str, str]) -> ServedTool:
    """Return the tool that an endpoint's *subject* and *metadata* describe.

    Raises:
        ValueError: they describe no valid tool.
    """
    prefix, _, rest = subject.partition(".tool.")
    tenant, _, name = rest.partition(".")
    if prefix != "aura" or not name:
        raise ValueError("a tool's endpoint must listen on aura.tool.<tenant>.<name>")
    if tenant != EVERY_TENANT:
        subjects.token(tenant)
    wire: dict[str, Any] = {"name": name, "description": metadata.get("description", "")}
    for field in ("parameters", "deadline_ms", "idempotent", "cancel"):
        if field in metadata:
            try:
                wire[field] = msgspec.json.decode(metadata[field])
            except RecursionError as error:
                raise ValueError(f"{field} is nested too deeply") from error
    tool = msgspec.convert(wire, ToolConfig)
    if len(msgspec.json.encode(tool)) > MOST_TOOL_BYTES:
        raise ValueError(f"a tool's description and schema are over {MOST_TOOL_BYTES} bytes")
    return ServedTool(tenant, tool)


def metadata_of(tool: ToolConfig) -> dict[str, str]:
    """Return *tool* as an endpoint's metadata, with text values only."""
    wire = msgspec.to_builtins(tool)
    said = {
        name: msgspec.json.encode(wire[name]).decode()
        for name in ("parameters", "deadline_ms", "idempotent", "cancel")
    }
    return {"description": tool.description, **said}


# ---------------------------------------------------------------- serving


class ServiceCall(msgspec.Struct, frozen=True):
    """One call as the service receives it."""

    tenant: str
    arguments: bytes
    """JSON, an object."""
    headers: Headers


Handler = Callable[[ServiceCall], Awaitable[bytes]]
"""Runs a call and returns its result; `ToolRefusedError` tells the model why it did not."""


@asynccontextmanager
async def serving(
    bus: Bus, tools: Sequence[tuple[ToolConfig, Handler]], *, tenant: str = EVERY_TENANT
) -> AsyncIterator[None]:
    """Serve *tools* to *tenant* while the block is open; several processes share the calls."""
    service = await micro.add_service(
        bus.nats_client,
        ServiceConfig(name=SERVICE, version=SERVICE_VERSION, description="Tools of Aura's agents"),
    )
    room = asyncio.Semaphore(MOST_CALLS_AT_ONCE)
    try:
        async with asyncio.TaskGroup() as calls:
            for tool, handler in tools:
                await service.add_endpoint(
                    EndpointConfig(
                        name=tool.name,
                        subject=subjects.tool(tenant, tool.name),
                        handler=_in_task(calls, room, handler),
                        metadata=metadata_of(tool),
                    )
                )
            yield
            await service.stop()  # running calls are finished
    finally:
        await service.stop()


def _in_task(
    calls: asyncio.TaskGroup, room: asyncio.Semaphore, handler: Handler
) -> Callable[[Request], Awaitable[None]]:
    """Return an endpoint handler that runs each call of *handler* in its own task."""

    async def answer(request: Request) -> None:
        try:
            headers = dict(request.headers or {})
            service_call = ServiceCall(request.subject.split(".")[2], request.data, headers)
            with trace.trace_of(headers):
                await request.respond(await handler(service_call))
        except ToolRefusedError as refused:
            await request.respond_error("400", _one_line(str(refused)))
        except asyncio.CancelledError:  # what runs the tool was lost, such as an MCP server
            await request.respond_error("503", LOST)
            raise
        except Exception:
            log.exception("tool_broken", tool=request.subject)
            await request.respond_error("500", "the tool failed")
        finally:
            room.release()

    async def start(request: Request) -> None:
        await room.acquire()
        calls.create_task(answer(request))

    return start


def _one_line(text: str) -> str:
    """Return *text* in a form for headers: one line without control characters."""
    return printable(" ".join(text.split()))[:MOST_REFUSAL_CHARS] or "refused"
