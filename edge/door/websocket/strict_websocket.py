"""A server's WebSocket with rules that aiohttp's lacks, and a fast path for audio.

A frame without a mask closes the connection, as RFC 6455 5.1 demands; aiohttp 3.14 accepts it and
has no option for it. The private parts of aiohttp that this file and `frame_intake.py` use are
listed in `test_aiohttp_parts.py`, and pyproject.toml pins its minor version.
"""

from collections.abc import AsyncIterator
from typing import Any

from aiohttp import WebSocketError, WSMsgType, web
from aiohttp.web_request import BaseRequest

from edge.door.audio.audio_intake import AudioIntake, ClientConnection
from edge.door.limits.pace import Pace
from edge.door.transport import Phone, VoicePlayer
from edge.door.websocket.frame_intake import FrameIntake
from edge.protocols.client_protocol import CloseCode

MOST_REASON_BYTES = 123
"""The most bytes of the reason in a close frame (RFC 6455, 5.5.1)."""
DELAYS_PER_HEARTBEAT = 10
"""How often the next ping may be put off within a heartbeat: once a frame would cost too much."""


class StrictWebSocket(web.WebSocketResponse):
    """A server's WebSocket that requires masks and has the budget of its connection."""

    player: VoicePlayer | None = None
    phone: Phone | None = None
    connection: ClientConnection | None = None
    intake: AudioIntake | None = None
    _put_off_at_s = 0.0
    _frames: FrameIntake | None = None

    def __init__(self, pace: Pace, **options: Any) -> None:
        """Take *options* of aiohttp's."""
        super().__init__(**options)
        self.most_bytes = options.get("max_msg_size", 0)
        self.pace = pace
        pace.read_from(self)

    def _post_start(self, request: BaseRequest, protocol: str | None, writer: Any) -> None:
        super()._post_start(request, protocol, writer)
        # aiohttp has no option for this: the filter replaces its parser
        handler: Any = request.protocol
        self._frames = FrameIntake(self._parser, self._reader, self, handler)
        handler._payload_parser = self._frames

    async def messages(self) -> AsyncIterator[str | bytes]:
        """Yield the client's messages until it leaves."""
        async for message in self:
            if message.type in {WSMsgType.TEXT, WSMsgType.BINARY}:
                yield message.data
            del message  # frees the memory of a long one at once
            if self._frames:
                self._frames.taken()

    async def close(self, *, message: bytes = b"", **how: Any) -> bool:
        """Close like aiohttp, with the reason *message*, cut to fit; free all unread data."""
        reason = message[:MOST_REASON_BYTES].decode(errors="ignore").encode()
        try:
            return await super().close(message=reason, **how)
        finally:
            if self._frames:
                self._frames.free()

    def release(self) -> None:
        """Drop references to this object, which would stay in memory until garbage collection."""
        self._frames = self._exception = self.phone = None
        if self._req is not None:
            handler: Any = self._req.protocol
            handler._data_received_cb = None

    def cut_off(self, message: str) -> None:
        """Read no more, and have the connection closed; *message* says why."""
        if self._frames is None or self._frames.drops:
            return
        self._frames.drop_all()
        if self.connection:
            self.connection.over_budget(message)
        elif self._reader is not None:
            self._reader.set_exception(WebSocketError(CloseCode.POLICY_VIOLATION, message))

    def has_more(self) -> bool:
        """Return whether more has arrived than was processed."""
        return self._frames is not None and self._frames.has_more

    def note_slowed(self) -> None:
        """Put the next ping off: the unread data may hold a pong."""
        if not self.closed:
            self._put_off_at_s = 0.0
            self._on_data_received()
            if self._frames:
                self._frames.probe()

    def _on_data_received(self) -> None:
        """Put the next ping off, unless this was done just before."""
        assert self._loop is not None  # noqa: S101  # it has been prepared
        now_s = self._loop.time()
        if self._pong_response_cb is not None or now_s >= self._put_off_at_s:
            self._put_off_at_s = now_s + (self._heartbeat or 0.0) / DELAYS_PER_HEARTBEAT
            super()._on_data_received()
