"""A server's WebSocket with rules that aiohttp's lacks, and a short cut for audio.

A frame that a client did not mask closes the connection, as RFC 6455 5.1 demands; aiohttp reads it
all the same (3.14) and has no option for it. The private parts of aiohttp that this file and
`frame_intake.py` use are listed in tests/unit/edge/door/test_aiohttp_parts.py, and pyproject.toml
pins its minor version.
"""

from collections.abc import AsyncIterator, Callable
from typing import Any

from aiohttp import WebSocketError, WSMsgType, web
from aiohttp.web_request import BaseRequest

from edge.core.client_commands import Command
from edge.door.channel import Ear, Phone
from edge.door.frame_intake import FrameIntake
from edge.door.limits.pace import Pace

POLICY_VIOLATION = 1008
OFTEN = 10
"""Heartbeats are put off this many times in a heartbeat, not at every frame."""


class StrictWebSocket(web.WebSocketResponse):
    """A server's WebSocket that insists on masks and on the budget of its connection."""

    on_message: Callable[[str | bytes], bool] | None = None
    """Set, it is called with short messages; those that it takes `frames` does not yield."""
    on_excess: Callable[[str], None] | None = None
    """Set, it is called with why the connection costs too much, and closes it."""
    ear: Ear | None = None
    phone: Phone | None = None
    on_commands: Callable[[list[Command]], None] | None = None
    """Never called: all that a WebSocket's client says is in its messages."""
    _put_off_at = 0.0
    _intake: FrameIntake | None = None

    def __init__(self, pace: Pace, **options: Any) -> None:
        """Take *options* of aiohttp's."""
        super().__init__(**options)
        self.most_bytes = options.get("max_msg_size", 0)
        self.pace = pace
        pace.on_wait = self.is_slowed

    def _post_start(self, request: BaseRequest, protocol: str | None, writer: Any) -> None:
        super()._post_start(request, protocol, writer)
        # aiohttp has no place for this: the check stands where its own parser stood
        handler: Any = request.protocol
        self._intake = FrameIntake(self._parser, self._reader, self, handler)
        handler._payload_parser = self._intake

    async def frames(self) -> AsyncIterator[str | bytes]:
        """Yield the client's messages until it leaves."""
        async for message in self:
            if message.type in {WSMsgType.TEXT, WSMsgType.BINARY}:
                yield message.data
            del message  # a long one is not kept until the next one comes
            if self._intake:
                self._intake.taken()

    async def close(self, **how: Any) -> bool:
        """Close, as aiohttp does, and keep nothing of what was not read."""
        try:
            return await super().close(**how)
        finally:
            if self._intake:
                self._intake.forget()

    def exceed(self, message: str) -> None:
        """Read no more, and have the connection closed; *message* says why."""
        if self._intake is None or self._intake.drops:
            return
        self._intake.drop_all()
        if self.on_excess:
            self.on_excess(message)
        elif self._reader is not None:
            self._reader.set_exception(WebSocketError(POLICY_VIOLATION, message))

    def is_slowed(self) -> None:
        """Note that what the client sent is not read yet, an answer to a ping perhaps."""
        if not self.closed:
            self._put_off_at = 0.0
            self._on_data_received()
            if self._intake:
                self._intake.try_the_line()

    def _on_data_received(self) -> None:
        """Put the next ping off, unless that was done a moment ago."""
        assert self._loop is not None  # noqa: S101  # as its base class: it has been prepared
        now = self._loop.time()
        if self._pong_response_cb is not None or now >= self._put_off_at:
            self._put_off_at = now + (self._heartbeat or 0.0) / OFTEN
            super()._on_data_received()
