"""Tools as NATS micro services (ADR-32 of NATS): serving them, finding them, calling them.

A tool is an endpoint of a service `auratools` on `aura.tool.<tenant>.<name>`, where the tenant `*`
is every tenant. What the model is told of it is the endpoint's metadata, so that any language can
serve one.
"""

from __future__ import annotations

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
from runtime.bus.errors import BusAwayError
from runtime.bus.silence import until_silent
from runtime.printable import printable
from schemas import subjects
from schemas.tools import MOST_TOOL_BYTES, ToolConfig

log = structlog.get_logger(__name__)

SERVICE = "auratools"
VERSION = "1.0.0"
KEY_HEADER = "Idempotency-Key"
SESSION_HEADER = "Aura-Session"
EVERY_TENANT = "*"
AT_ONCE = 64
"""Calls that one service runs at a time."""
AGAIN_S = 0.1
MOST_REFUSAL_CHARS = 400
LOST = "the tool was lost on the way; it may have been done all the same"


class NobodyServesError(Exception):
    """No service listens for the tool: the call has surely not begun."""


class ToolRefusedError(Exception):
    """The service answered with an error, whose words this is."""


class ServedTool(msgspec.Struct, frozen=True):
    """A tool that a service of this bus offers to *tenant*, `*`: to all."""

    tenant: str
    tool: ToolConfig


async def call_tool(
    bus: Bus, subject: str, arguments: bytes, head: dict[str, str], timeout_s: float
) -> bytes:
    """Call the tool on *subject* and return its result.

    A service that is not there yet is waited for, up to a second.

    Raises:
        NobodyServesError: nobody listens.
        ToolRefusedError: the service says that it failed.
        TimeoutError: no answer within *timeout_s*; the service may have begun.
        BusAwayError: the connection is lost.
    """
    head = {**head, **trace.headers()}
    clock = asyncio.get_running_loop().time
    began_s = clock()
    while True:
        left_s = timeout_s - (clock() - began_s)
        try:
            answer = await bus._nc.request(
                subject, arguments, timeout=max(0.01, left_s), headers=head
            )
        except NoRespondersError as error:
            if clock() - began_s < min(1.0, timeout_s / 2):
                await asyncio.sleep(AGAIN_S)
                continue
            raise NobodyServesError(subject) from error
        except NatsTimeoutError as error:
            raise TimeoutError from error
        except NatsError as error:
            raise BusAwayError(f"{subject} was not called: {error!r}") from error
        if (said := (answer.headers or {}).get(ERROR_HEADER)) is not None:
            raise ToolRefusedError(said)
        return answer.data


# ---------------------------------------------------------------- discovery


async def served_tools(
    bus: Bus, *, wait_s: float = 0.3, silence_s: float | None = None
) -> list[ServedTool]:
    """Return the tools of the services that answered within *wait_s*, each once.

    Or before *silence_s* without a further answer.
    """
    found: dict[tuple[str, str], ServedTool] = {}
    inbox, came = bus._nc.new_inbox(), asyncio.Event()

    async def on_answer(message: Any) -> None:
        came.set()
        for one in _read(message.data):
            found[one.tenant, one.tool.name] = one

    try:
        subscription = await bus._nc.subscribe(inbox, cb=on_answer)
        try:
            await bus._nc.publish(f"$SRV.INFO.{SERVICE}", b"", reply=inbox)
            await until_silent(came, wait_s, silence_s)
        finally:
            await subscription.unsubscribe()
    except NatsError:
        return []
    return [found[key] for key in sorted(found)]


def _read(info: bytes) -> list[ServedTool]:
    """Return the tools in a service's description; what is none is left out and logged."""
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
        ValueError: they describe none.
    """
    prefix, _, rest = subject.partition(".tool.")
    tenant, _, name = rest.partition(".")
    if prefix != "aura" or not name:
        raise ValueError("an endpoint of a tool listens on aura.tool.<tenant>.<name>")
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
    """Return *tool* as an endpoint's metadata, of which every value is text."""
    said = {
        name: msgspec.json.encode(getattr(tool, name)).decode()
        for name in ("parameters", "deadline_ms", "idempotent", "cancel")
    }
    return {"description": tool.description, **said}


# ---------------------------------------------------------------- serving


class Asked(msgspec.Struct, frozen=True):
    """One call as its service sees it."""

    tenant: str
    arguments: bytes
    """JSON, an object."""
    headers: dict[str, str]


Handler = Callable[[Asked], Awaitable[bytes]]
"""Does a call and returns its result; raises `ToolRefusedError` to tell the model why not."""


@asynccontextmanager
async def serving(
    bus: Bus, tools: Sequence[tuple[ToolConfig, Handler]], *, tenant: str = EVERY_TENANT
) -> AsyncIterator[None]:
    """Serve *tools* to *tenant* until the block is left; several processes share the calls."""
    service = await micro.add_service(
        bus._nc, ServiceConfig(name=SERVICE, version=VERSION, description="Tools of Aura's agents")
    )
    room = asyncio.Semaphore(AT_ONCE)
    try:
        async with asyncio.TaskGroup() as calls:
            for tool, handler in tools:
                await service.add_endpoint(
                    EndpointConfig(
                        name=tool.name,
                        subject=subjects.tool(tenant, tool.name),
                        handler=_answering(calls, room, handler),
                        metadata=metadata_of(tool),
                    )
                )
            yield
            await service.stop()  # calls that run are finished
    finally:
        await service.stop()


def _answering(
    calls: asyncio.TaskGroup, room: asyncio.Semaphore, handler: Handler
) -> Callable[[Request], Awaitable[None]]:
    """Return what runs *handler* for a request in a task: one call does not wait for another."""

    async def answer(request: Request) -> None:
        try:
            head = dict(request.headers or {})
            asked = Asked(request.subject.split(".")[2], request.data, head)
            with trace.trace_of(head):
                await request.respond(await handler(asked))
        except ToolRefusedError as refused:
            await request.respond_error("400", _one_line(str(refused)))
        except asyncio.CancelledError:  # what does the calls was lost, such as an MCP server
            await request.respond_error("503", LOST)
            raise
        except Exception:
            log.exception("tool_broken", tool=request.subject)
            await request.respond_error("500", "the tool failed")
        finally:
            room.release()

    async def take(request: Request) -> None:
        await room.acquire()
        calls.create_task(answer(request))

    return take


def _one_line(text: str) -> str:
    """Return *text* as a header can carry it: UTF-8 in one line, without control characters."""
    return printable(" ".join(text.split()))[:MOST_REFUSAL_CHARS] or "refused"
