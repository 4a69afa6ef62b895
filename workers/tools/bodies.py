"""The work of a call: a service on the bus, or a signed webhook."""

import json
import time
from contextlib import AsyncExitStack
from typing import Protocol

import aiohttp
import msgspec

from runtime.bus.connection import Bus
from runtime.bus.tool_services import (
    KEY_HEADER,
    SESSION_HEADER,
    NobodyServesError,
    ToolRefusedError,
    call_tool,
)
from runtime.version import version
from schemas import subjects
from schemas.events import ToolRequested
from schemas.tools import MOST_RESULT_BYTES, ToolFailure, idempotency_key
from workers.analytics import envelopes


class CallFailedError(Exception):
    """A call has no result; its text is for the model."""

    def __init__(self, reason: ToolFailure, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class Body(Protocol):
    """One kind of tool."""

    async def call(self, asked: ToolRequested, bus: Bus, timeout_s: float) -> bytes:
        """Do the call and return its result.

        Raises:
            CallFailedError: there is none.
            TimeoutError: none within *timeout_s*; the work may have begun.
            BusAwayError: nothing is known.
        """

    async def close(self) -> None:
        """Let go of what is held open."""


def key_of(asked: ToolRequested) -> str:
    """Return the idempotency key of a call."""
    return idempotency_key(asked.session, asked.turn, asked.step, asked.call)


class NatsBody:
    """A micro service in any language."""

    async def call(self, asked: ToolRequested, bus: Bus, timeout_s: float) -> bytes:
        subject = subjects.tool(asked.tenant, asked.tool.name)
        head = {KEY_HEADER: key_of(asked), SESSION_HEADER: asked.session}
        try:
            return await call_tool(bus, subject, asked.arguments.encode(), head, timeout_s)
        except NobodyServesError as error:
            raise CallFailedError("unknown", "nobody serves this tool now") from error
        except ToolRefusedError as error:
            raise CallFailedError("refused", str(error)) from error

    async def close(self) -> None:
        """There is nothing to close."""


class WebhookBody:
    """An HTTP address: Standard Webhooks, answered with the result."""

    def __init__(self, keys: list[bytes]) -> None:
        """Sign with *keys*; none: no webhook is called."""
        self._keys = keys
        self._open = AsyncExitStack()
        self._http: aiohttp.ClientSession | None = None

    async def call(self, asked: ToolRequested, bus: Bus, timeout_s: float) -> bytes:
        del bus
        if not self._keys:
            raise CallFailedError("unknown", "the runner has no AURA_TOOL_SECRET to sign with")
        body = msgspec.json.encode(
            {
                "type": "tool.requested",
                "timestamp": envelopes.timestamp(asked),
                "data": {
                    "id": key_of(asked),
                    "tenant": asked.tenant,
                    "session": asked.session,
                    "turn": asked.turn,
                    "name": asked.tool.name,
                    "arguments": json.loads(asked.arguments),
                },
            }
        )
        head = {
            **envelopes.signed(asked, body, self._keys, int(time.time())),
            "Content-Type": "application/json",
            KEY_HEADER: key_of(asked),
        }
        try:
            status, said = await self._post(asked.tool.target, body, head, timeout_s)
        except aiohttp.ClientConnectorError as error:
            raise CallFailedError("unknown", "the tool's address cannot be reached") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if isinstance(error, TimeoutError):
                raise
            raise CallFailedError(
                "unknown_outcome", f"the tool's answer broke off ({type(error).__name__})"
            ) from error
        if not 200 <= status < 300:
            words = said[:300].decode("utf-8", "replace")
            raise CallFailedError("refused", f"HTTP {status}: {words}".strip(": "))
        return said

    async def _post(
        self, url: str, body: bytes, head: dict[str, str], timeout_s: float
    ) -> tuple[int, bytes]:
        """Return the status of the answer, and a byte more of it than a result may have."""
        http, timeout = await self._session(), aiohttp.ClientTimeout(total=timeout_s)
        async with http.post(
            url, data=body, headers=head, allow_redirects=False, timeout=timeout
        ) as answer:
            said = await answer.content.read(MOST_RESULT_BYTES + 1)
            while len(said) <= MOST_RESULT_BYTES and (
                more := await answer.content.read(MOST_RESULT_BYTES + 1 - len(said))
            ):
                said += more
            return answer.status, said

    async def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            self._http = await self._open.enter_async_context(
                aiohttp.ClientSession(
                    headers={"User-Agent": f"Aura/{version()}"},
                    cookie_jar=aiohttp.DummyCookieJar(),
                )
            )
        return self._http

    async def close(self) -> None:
        await self._open.aclose()
