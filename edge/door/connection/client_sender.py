"""Sends a call's events to its client; the bytes that wait for a slow client are bounded.

An interruption does not wait behind the audio that it makes stale: that audio leaves the queue
unsent. The caller may then have heard less than the call supposes, which the call is told.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from enum import Enum, auto

import msgspec

from edge.call import counters
from edge.core.messages.client_events import ClientEvent, Interrupted, SessionOpened, Speech
from edge.core.messages.inputs import Truncated
from edge.door.connection.send_queue import Piece, SendQueue
from edge.door.limits.common_bounds import SendBuffer, message_bytes
from edge.door.transport import Transport
from edge.protocols.client_protocol import ClientProtocol, Json
from runtime.audio.conversion import AudioOut

CLOSE_MULTIPLE = 2
"""The multiple of the limit for dropped audio at which a slow client is closed."""


class SenderState(Enum):
    """Whether messages are sent."""

    SENDS = auto()
    ENDED = auto()
    """`run` has ended: nothing is sent, and nothing is queued any more."""


class ClientSender:
    """Converts events to the client's protocol, and audio to its rate, and sends them in order."""

    def __init__(
        self,
        ws: Transport,
        protocol: ClientProtocol,
        buffer: SendBuffer,
        too_slow: Callable[[], None],
        heard_less: Callable[[Truncated], None],
    ) -> None:
        """Send over *ws* within the bytes of *buffer*; call *too_slow* beyond them.

        *heard_less* is called, on the loop, if less of an interrupted response was sent than the
        call supposes to be heard.
        """
        self._ws = ws
        self._protocol = protocol
        self._state = SenderState.SENDS
        self._too_slow = too_slow
        self._audio_out = AudioOut(protocol.audio_out_hz)
        self._heard_less = heard_less
        self._waiting = SendQueue()
        """The waiting messages, bounded by the bytes of *buffer*; None is the last."""
        self._more = asyncio.Event()
        self._buffer = buffer

    def tell(self, event: ClientEvent, *, chunks: bool = False) -> None:
        """Send *event*; *chunks*: the audio of a response is one stream of chunks."""
        piece = None
        if isinstance(event, Speech):
            if not self._buffer.has_space():
                counters.dropped("caller", len(event.pcm))
                if not event.ends:
                    return
                event = replace(event, pcm=b"")  # the client is told that the response is complete
            if self._audio_out.rate_hz != self._protocol.audio_out_hz:
                self._audio_out = AudioOut(self._protocol.audio_out_hz)
            piece = Piece.of(event) if event.pcm else None
            more = chunks and bool(event.turn) and not event.ends
            event = replace(event, pcm=self._audio_out.feed(event.pcm, more=more))
        elif isinstance(event, Interrupted):
            self._audio_out.drop()
            event = self._drop_stale(event)
        elif isinstance(event, SessionOpened):
            self._waiting.begin()
        if self._ws.player and isinstance(event, Speech | Interrupted):
            self._ws.player.tell(event)
        self.send(self._protocol.messages(event), piece)

    def send(self, messages: Iterable[Json], piece: Piece | None = None) -> None:
        """Queue *messages*; one of them may carry the audio of *piece*."""
        for message in messages:
            if self._state is SenderState.ENDED:
                return
            text = msgspec.json.encode(message).decode()
            carries = piece and self._protocol.without_audio(message) is not message
            if self._buffer.add(message_bytes(text), CLOSE_MULTIPLE):
                self._waiting.put(text, piece if carries else None)
                self._more.set()
            else:
                self._too_slow()

    def _drop_stale(self, event: Interrupted) -> Interrupted:
        """Drop the unsent audio of a response; return the event with what may have been heard."""
        stale = self._waiting.interrupt(event, self._rest_of)
        if not stale.text_bytes or self._state is SenderState.ENDED:
            return event
        self._buffer.sent(stale.text_bytes)
        self._protocol.audio_dropped(event.turn, stale.audio_ms)
        if stale.interrupted != event:
            # the call first does what else follows from *event*
            truncated = Truncated(event.turn, stale.interrupted.played_ms)
            asyncio.get_running_loop().call_soon(self._heard_less, truncated)
        return stale.interrupted

    def _rest_of(self, text: str) -> str | None:
        rest = self._protocol.without_audio(msgspec.json.decode(text))
        return None if rest is None else msgspec.json.encode(rest).decode()

    def close(self) -> None:
        """Let `run` end when all messages are sent."""
        self._waiting.put(None)
        self._more.set()

    async def run(self) -> None:
        """Send until `close`, or until the client has left."""
        try:
            await self._send_all()
        except ConnectionError:  # the reader handles it
            pass
        finally:
            self._buffer.give_all_back()
            self._state = SenderState.ENDED
            del self._too_slow  # it refers to the connection, which would stay in memory

    async def _send_all(self) -> None:
        """Send until `close`; messages of the same moment go in one packet."""
        has_waited = True
        while (text := await self._next()) is not None:
            if has_waited:
                await asyncio.sleep(0)  # messages to the bus of the same moment go first
            await self._ws.send_str(text)
            self._buffer.sent(message_bytes(text))
            has_waited = not self._waiting

    async def _next(self) -> str | None:
        while not self._waiting:
            self._more.clear()
            await self._more.wait()
        return self._waiting.pop()
