"""Sends a call's events to its client; the bytes that wait for a slow client are bounded."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace

import msgspec

from edge.call import counters
from edge.core.client_events import ClientEvent, Interrupted, Speech
from edge.door.limits.common_bounds import SendBuffer, message_bytes
from edge.door.transport import Transport
from edge.protocols.client_protocol import ClientProtocol, Json
from runtime.audio.conversion import AudioOut

CLOSE_MULTIPLE = 2
"""The multiple of the limit for dropped audio at which a slow client is closed."""


class ClientSender:
    """Converts events to the client's protocol, and audio to its rate, and sends them in order."""

    def __init__(
        self,
        ws: Transport,
        protocol: ClientProtocol,
        buffer: SendBuffer,
        too_slow: Callable[[], None],
    ) -> None:
        """Send over *ws* within the bytes of *buffer*; call *too_slow* beyond them."""
        self._ws = ws
        self._protocol = protocol
        self._too_slow: Callable[[], None] | None = too_slow
        """None: `run` has ended, and nothing is sent."""
        self._audio_out = AudioOut(protocol.audio_out_hz)
        self._waiting: asyncio.Queue[str | None] = asyncio.Queue()
        """The waiting messages, bounded by the bytes of *buffer*; None is the last."""
        self._buffer = buffer

    def tell(self, event: ClientEvent, *, chunks: bool = False) -> None:
        """Send *event*; *chunks*: the audio of a response is one stream of chunks."""
        if isinstance(event, Speech):
            if not self._buffer.has_space():
                counters.dropped("caller", len(event.pcm))
                if not event.ends:
                    return
                event = replace(event, pcm=b"")  # the client is told that the response is complete
            if self._audio_out.rate_hz != self._protocol.audio_out_hz:
                self._audio_out = AudioOut(self._protocol.audio_out_hz)
            more = chunks and bool(event.turn) and not event.ends
            event = replace(event, pcm=self._audio_out.feed(event.pcm, more=more))
        elif isinstance(event, Interrupted):
            self._audio_out.drop()
        if self._ws.player and isinstance(event, Speech | Interrupted):
            self._ws.player.tell(event)
        self.send(self._protocol.messages(event))

    def send(self, messages: Iterable[Json]) -> None:
        """Queue *messages*."""
        for message in messages:
            if self._too_slow is None:
                return
            text = msgspec.json.encode(message).decode()
            if self._buffer.add(message_bytes(text), CLOSE_MULTIPLE):
                self._waiting.put_nowait(text)
            else:
                self._too_slow()

    def close(self) -> None:
        """Let `run` end when all messages are sent."""
        self._waiting.put_nowait(None)

    async def run(self) -> None:
        """Send until `close`, or until the client has left."""
        try:
            await self._send_all()
        except ConnectionError:  # the reader handles it
            pass
        finally:
            self._buffer.release()
            self._too_slow = None  # it refers to the connection, which would stay in memory

    async def _send_all(self) -> None:
        """Send until `close`; messages of the same moment go in one packet."""
        has_waited = True
        while (text := await self._waiting.get()) is not None:
            if has_waited:
                await asyncio.sleep(0)  # messages to the bus of the same moment go first
            await self._ws.send_str(text)
            self._buffer.sent(message_bytes(text))
            has_waited = self._waiting.empty()
