"""The backends of tools: a service on the bus, or a signed webhook."""

import json
import time
from typing import Protocol

import aiohttp
import msgspec

from runtime import envelopes
from runtime.bus.connection import Bus
from runtime.bus.tool_services import (
    KEY_HEADER,
    SESSION_HEADER,
    NobodyServesError,
    ToolRefusedError,
    call_idempotent_tool,
    call_tool,
)
from runtime.process.version import version
from schemas import subjects
from schemas.events import ToolRequested
from schemas.tools import MOST_RESULT_BYTES, ToolFailure, idempotency_key


class CallFailedError(Exception):
    """A call has no result; its text is for the model."""

    def __init__(self, reason: ToolFailure, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class ToolBackend(Protocol):
    """Runs the calls of one kind of tool."""

    async def run(self, request: ToolRequested, bus: Bus, timeout_s: float) -> bytes:
        """Run the requested call and return its result.

        Raises:
            CallFailedError: the call has no result.
            TimeoutError: there is no result within *timeout_s*; the work may have begun.
            BusAwayError: nothing is known.
        """

    async def close(self) -> None:
        """Close all connections."""


def key_of(request: ToolRequested) -> str:
    """Return the idempotency key of a call."""
    return idempotency_key(request.session, request.turn, request.step, request.call)


class NatsBackend:
    """A micro service in any language."""

    async def run(self, request: ToolRequested, bus: Bus, timeout_s: float) -> bytes:
        subject = subjects.tool(request.tenant, request.tool.name)
        headers = {KEY_HEADER: key_of(request), SESSION_HEADER: request.session}
        send = call_idempotent_tool if request.tool.idempotent else call_tool
        try:
            return await send(bus, subject, request.arguments.encode(), headers, timeout_s)
        except NobodyServesError as error:
            raise CallFailedError("unknown", "nobody serves this tool now") from error
        except ToolRefusedError as error:
            raise CallFailedError("refused", str(error)) from error

    async def close(self) -> None:
        """There is nothing to close."""


class WebhookBackend:
    """An HTTP address: Standard Webhooks, answered with the result."""

    def __init__(self, keys: list[bytes]) -> None:
        """Sign with *keys*; none: no webhook is called."""
        self._keys = keys
        self._http: aiohttp.ClientSession | None = None

    async def run(self, request: ToolRequested, bus: Bus, timeout_s: float) -> bytes:
        del bus
        if not self._keys:
            raise CallFailedError("unknown", "the runner has no AURA_TOOL_SECRET to sign with")
        body = msgspec.json.encode(
            {
                "type": "tool.requested",
                "timestamp": envelopes.timestamp(request),
                "data": {
                    "id": key_of(request),
                    "tenant": request.tenant,
                    "session": request.session,
                    "turn": request.turn,
                    "name": request.tool.name,
                    "arguments": json.loads(request.arguments),
                },
            }
        )
        headers = {
            **envelopes.signed(request, body, self._keys, int(time.time())),
            "Content-Type": "application/json",
            KEY_HEADER: key_of(request),
        }
        try:
            status, answer = await self._post(request.tool.target, body, headers, timeout_s)
        except aiohttp.ClientConnectorError as error:
            raise CallFailedError("unknown", "the tool's address cannot be reached") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if isinstance(error, TimeoutError):
                raise
            raise CallFailedError(
                "unknown_outcome", f"the tool's answer broke off ({type(error).__name__})"
            ) from error
        if not 200 <= status < 300:
            words = answer[:300].decode("utf-8", "replace")
            raise CallFailedError("refused", f"HTTP {status}: {words}".strip(": "))
        return answer

    async def _post(
        self, url: str, body: bytes, headers: dict[str, str], timeout_s: float
    ) -> tuple[int, bytes]:
        """Return the status of the answer and its body, cut one byte after the longest result."""
        http, timeout = self._session(), aiohttp.ClientTimeout(total=timeout_s)
        async with http.post(
            url, data=body, headers=headers, allow_redirects=False, timeout=timeout
        ) as answer:
            answer_body = await answer.content.read(MOST_RESULT_BYTES + 1)
            while len(answer_body) <= MOST_RESULT_BYTES and (
                more := await answer.content.read(MOST_RESULT_BYTES + 1 - len(answer_body))
            ):
                answer_body += more
            return answer.status, answer_body

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            self._http = aiohttp.ClientSession(
                headers={"User-Agent": f"Aura/{version()}"}, cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._http

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()
