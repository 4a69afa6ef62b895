"""One telephone call over SIP: audio every 20 ms in both directions, keys, and the end."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import structlog
from baresip import AudioNotActive, AudioRestarted, BaresipError, Call, DigitEvent, TransferFailed
from baresip.events import Event, StackEvent

from edge.core.hearing.framing import FRAME_MS, FRAME_S
from edge.core.messages.client_events import Interrupted, Speech
from edge.door.line.speech_queue import MOST_CATCH_UP_S, Sent, SpeechQueue
from edge.protocols.sip import BYE, KEY
from runtime.audio.g711 import LINE_HZ

log = structlog.get_logger(__name__)

LINE_BYTES_PER_MS = 2 * LINE_HZ // 1000
QUEUED_BYTES = 2 * FRAME_MS * LINE_BYTES_PER_MS
"""The audio that waits in the stack, which sends a frame every 20 ms by its own clock."""
MOST_READ_BYTES = 1000 * LINE_BYTES_PER_MS
HELD_S = 0.2
"""The interval, seconds, at which a line on hold reports the sent part of the response."""
TRANSFER_S = 30.0
"""The longest wait, seconds, until a person answers the telephone."""


class SipLine:
    """An answered call."""

    def __init__(
        self, call: Call, arrived: Callable[[str | bytes], None], sent: Callable[[Sent], None]
    ) -> None:
        """Give audio and keys of *call* to *arrived*; call *sent* when speech was sent."""
        self.voice = self
        self._call = call
        self._arrived = arrived
        self._sent = sent
        self._queue = SpeechQueue(LINE_HZ)
        self._reported_s = 0.0
        """The time of the last report of a line on hold."""
        call.on_dtmf(self._pressed)
        call.on(self._happened)

    # -------------------------------------------------------- from the line

    def _pressed(self, digit: DigitEvent) -> None:
        self._arrived(f"{KEY}{digit.digit}")

    def _happened(self, event: StackEvent) -> None:
        if event.event is Event.CALL_CLOSED:
            self._arrived(BYE)

    async def run(self) -> None:
        """Carry audio until cancelled."""
        clock = asyncio.get_running_loop().time
        due_s = clock()
        while True:
            with suppress(AudioNotActive, AudioRestarted):  # the next round tries again
                self._send_microphone()
                self._speak()
            if self._call.remote_on_hold and self._queue and clock() >= self._reported_s + HELD_S:
                self._reported_s = clock()
                self._sent(self._queue.position)  # the call counts nothing later as heard
            due_s = max(due_s + FRAME_S, clock() - MOST_CATCH_UP_S)
            await asyncio.sleep(max(0.0, due_s - clock()))

    def _send_microphone(self) -> None:
        if pcm := self._call.audio.read(MOST_READ_BYTES):
            self._arrived(pcm)

    def _speak(self) -> None:
        """Give the stack the next audio, unless the caller has the call on hold."""
        audio = self._call.audio
        if self._call.remote_on_hold or not self._queue:
            return
        waiting = audio.info().tx_buffered
        while waiting < QUEUED_BYTES:
            frame, pieces = self._queue.pop_frame()
            if frame:
                waiting += audio.write(frame)
            for piece in pieces:
                self._sent(piece)
            if not frame:
                return

    # -------------------------------------------------------- to the line

    def tell(self, event: Speech | Interrupted) -> None:
        self._queue.tell(event)
        with suppress(AudioNotActive, AudioRestarted):
            if isinstance(event, Interrupted):
                self._call.audio.flush_tx()
            else:
                self._speak()

    async def send(self, text: str) -> None:
        """Send nothing: a telephone has no messages."""

    async def press(self, keys: str) -> bool:
        """Send *keys* to the other side; return whether they were sent."""
        try:
            await self._call.send_dtmf(keys)
        except (BaresipError, ValueError) as error:
            log.info("keys_not_sent", why=type(error).__name__)
            return False
        return True

    async def transfer(self, to: str) -> bool:
        """Let the other side call *to* instead (REFER); return whether it was answered there."""
        try:
            await self._call.transfer(to, timeout=TRANSFER_S)
        except (TransferFailed, BaresipError, ValueError) as error:
            log.info("transfer_failed", why=type(error).__name__)
            return False
        return True

    async def close(self) -> None:
        """Hang up."""
        with suppress(BaresipError):
            await self._call.hangup()
