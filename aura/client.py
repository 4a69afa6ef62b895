"""A call over `/ws/voice/continuous`, for Python: sends sound and words, returns the messages.

    async with CallClient("https://voice.example", token="...") as call:
        await call.type("Hello")
        async for message in call:
            print(message["type"])

After a cut line, a call resumes its session by itself. Messages: docs/protocol.md.

    CALLING, BEGUN --begin--> BEGUN
    HUNG_UP --begin--> HUNG_UP
    CALLING, BEGUN, HUNG_UP --hang up--> HUNG_UP

A client that hangs up may still be told that its session has begun.
"""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from enum import Enum, auto
from typing import Any, Final, Literal, Self
from urllib.parse import urlencode, urlsplit, urlunsplit

import aiohttp

from runtime.moves import moved

PATH: Final = "/ws/voice/continuous"
LOST: Final = 1006
"""The connection ended without a close frame (RFC 6455 7.1.5)."""
COME_BACK: Final = frozenset({LOST, 1012, 1013})
EXPIRED: Final = (1008, "Token expired")
NO_ROOM: Final = frozenset({"SESSION_LIMIT", "RATE_LIMITED", "OVERLOADED"})
"""Refusals for a while: a new call ends, a call that resumes its session waits longer."""
RETRIES_S: Final = (0.3, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0)
"""The pause before each try; a server lets a user reconnect five times a minute."""

Query = Mapping[str, str | int]
Token = str | Callable[[], Awaitable[str]]
Why = Literal["UNREACHABLE", "TLS", "REFUSED", "CLOSED", "TOKEN"]


class CallError(Exception):
    """A call could not begin, or has ended."""

    def __init__(self, why: Why, reason: str, *, code: int = 0, retry_after_s: str = "") -> None:
        super().__init__(reason or why)
        self.why = why
        self.reason = reason
        """The reason of the close, or the system's message."""
        self.code = code
        """The HTTP status if *why* is REFUSED, the close code if it is CLOSED."""
        self.retry_after_s = retry_after_s
        """The header `Retry-After` of a refusal; empty: there was none."""


class ClientPhase(Enum):
    """How far a call has come."""

    CALLING = auto()
    """No session has begun."""
    BEGUN = auto()
    HUNG_UP = auto()


class ClientMove(Enum):
    """The moves between phases."""

    BEGIN = auto()
    """The server names the session, on each connection."""
    HANG_UP = auto()


CALLING, BEGUN, HUNG_UP = ClientPhase

CLIENT_MOVES: Mapping[tuple[ClientPhase, ClientMove], ClientPhase] = {
    (CALLING, ClientMove.BEGIN): BEGUN,
    (BEGUN, ClientMove.BEGIN): BEGUN,
    (HUNG_UP, ClientMove.BEGIN): HUNG_UP,
    (CALLING, ClientMove.HANG_UP): HUNG_UP,
    (BEGUN, ClientMove.HANG_UP): HUNG_UP,
    (HUNG_UP, ClientMove.HANG_UP): HUNG_UP,
}


def socket_url(url: str, query: Query) -> str:
    """Return the WebSocket address of the edge at *url*."""
    parts = urlsplit(url if "://" in url else f"http://{url}")
    scheme = "wss" if parts.scheme in {"https", "wss"} else "ws"
    return urlunsplit((scheme, parts.netloc, PATH, urlencode(query), ""))


class CallClient:
    """One call, over one connection after the other."""

    def __init__(
        self,
        url: str,
        *,
        token: Token,
        query: Query | None = None,
        session: str = "",
        resume_key: str = "",
        retries_s: Sequence[float] = RETRIES_S,
    ) -> None:
        """Call the edge at *url*; *token* may be a function, which is called for each connection.

        With such a function, a call with an expired token reconnects with the next token.

        *query* has the protocol's options. *session* is a session to resume, with its *resume_key*
        if it has one; each new session gets one.

        *retries_s* is the pause before each try to reconnect, in seconds; without any, a cut line
        ends the call.
        """
        self.url = url
        """The edge's address, as given."""
        self._token = token
        self._query = dict(query or {})
        self.session = session
        """The id of the session, once it has begun."""
        self.resume_key = resume_key or secrets.token_urlsafe(16)
        """The key that is needed, beside the id, to resume the session on another connection."""
        self.reconnections = 0
        self._retries_s = retries_s
        self._phase = CALLING
        self._tries = 0
        self._error: dict[str, Any] = {}
        """The server's last error on this connection."""
        self._http: aiohttp.ClientSession | None = None
        self._ws: aiohttp.ClientWebSocketResponse | None = None

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            CallError: no edge answers, or it refuses; or no token could be had.
        """
        self._http = aiohttp.ClientSession()
        try:
            await self._dial(self._http)
        except BaseException:
            await self._http.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.hang_up()
        if self._http:
            await self._http.close()

    @property
    def open(self) -> bool:
        return self._ws is not None and not self._ws.closed

    @property
    def _hung_up(self) -> bool:
        return self._phase is HUNG_UP

    # -------------------------------------------------------- to the server

    async def send(self, pcm: bytes) -> None:
        """Send sound: s16le mono 16 kHz, unless `rate` and `format` say otherwise.

        Sound that is sent without a connection is lost.
        """
        if self._ws and self.open:
            with suppress(ConnectionError):  # `receive` tells why
                await self._ws.send_bytes(pcm)

    async def type(self, text: str) -> None:
        """Send a whole turn as text."""
        await self._send({"type": "text", "text": text})

    async def interrupt(self) -> None:
        """Interrupt the response."""
        await self._send({"type": "interrupt"})

    async def tool_result(self, call_id: str, result: Any = None, *, error: str = "") -> None:
        """Answer a `tool_call` with *result*, any JSON, or an *error*, which the model is told."""
        answer = {"error": error} if error else {"result": result}
        await self._send({"type": "tool_result", "call_id": call_id, **answer})

    async def hang_up(self) -> None:
        """End the session and the connection."""
        self._move(ClientMove.HANG_UP)
        await self._send({"type": "end_call"})
        if self._ws:
            await self._ws.close()

    async def _send(self, message: dict[str, Any]) -> None:
        if self._ws and self.open:
            with suppress(ConnectionError):
                await self._ws.send_json(message)

    # -------------------------------------------------------- from the server

    async def receive(self) -> dict[str, Any]:
        """Return the next message; after a cut connection, from the next connection.

        Raises:
            CallError: the call is over; `code` is 1000 after a normal end.
        """
        while True:
            if self._ws is None or self._hung_up:
                raise CallError("CLOSED", "", code=1000)
            message = await self._ws.receive()
            if message.type is aiohttp.WSMsgType.TEXT:
                received: dict[str, Any] = json.loads(message.data)
                self._note(received)
                return received
            if message.type is aiohttp.WSMsgType.CLOSE:
                await self._come_back(message.data or LOST, message.extra or "")
            elif message.type is not aiohttp.WSMsgType.BINARY:
                await self._come_back(LOST, "")

    async def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        """Yield messages until the normal end of the call.

        Raises:
            CallError: the call ended otherwise.
        """
        while True:
            try:
                message = await self.receive()
            except CallError as error:
                if error.code == 1000:
                    return
                raise
            yield message

    def _note(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "greeting" | "session":
                self.session = message.get("session", self.session)
                self.reconnections += bool(message.get("resumed"))
                self._move(ClientMove.BEGIN)
                self._tries, self._error = 0, {}
            case "error":
                self._error = message

    def _move(self, move: ClientMove) -> None:
        self._phase = moved(CLIENT_MOVES, self._phase, move)

    async def _come_back(self, code: int, reason: str) -> None:
        """Connect again.

        Raises:
            CallError: the call is over.
        """
        last_code = self._error.get("code")
        known = self.session or last_code == "BUS_AWAY"
        error = CallError("CLOSED", reason, code=code)
        if self._hung_up:
            return
        renews = (code, reason) == EXPIRED and not isinstance(self._token, str)
        refused = last_code in NO_ROOM and self._phase is CALLING
        if not (code in COME_BACK or renews) or refused or not known:
            raise error
        while self._http and self._tries < len(self._retries_s):
            await asyncio.sleep(self._retries_s[self._tries])
            if self._hung_up:
                return
            self._tries += 1
            with suppress(CallError):
                await self._dial(self._http)
                return
        raise error

    async def _dial(self, http: aiohttp.ClientSession) -> None:
        query = {"token": await self._new_token(), **self._query}
        if self._hung_up:
            return
        if self.session:
            query["session"] = self.session
        if self.resume_key:
            query["resume_key"] = self.resume_key
        self._error = {}
        try:
            ws = await http.ws_connect(socket_url(self.url, query), max_msg_size=0)
        except aiohttp.WSServerHandshakeError as error:
            wait_s = error.headers.get("Retry-After", "") if error.headers else ""
            raise CallError("REFUSED", "", code=error.status, retry_after_s=wait_s) from error
        except aiohttp.ClientSSLError as error:
            raise CallError("TLS", str(error)) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise CallError("UNREACHABLE", str(error)) from error
        self._ws = ws
        if self._hung_up:  # the caller hung up meanwhile: the resumed session ends too
            await self.hang_up()

    async def _new_token(self) -> str:
        if isinstance(self._token, str):
            return self._token
        try:
            return await self._token()
        except Exception as error:  # whatever the application's function raises
            raise CallError("TOKEN", f"no token could be had: {error}") from error
