"""The two tracks of a call over WebRTC: the caller's microphone, and Aura's voice.

The microphone takes packets directly: aiortc's receiver delays audio by 80 ms, by 300 ms more for
ever once a packet is lost, and has a thread for each call. The voice sends packets at the pace of
playback, and few of them during silence.
"""

from __future__ import annotations  # Packet[Any] is valid for mypy, but not at run time

import asyncio
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from typing import Any

from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from aiortc.rtcrtpreceiver import RTCRtpReceiver, StreamStatistics
from aiortc.rtp import RtpPacket
from av.packet import Packet

from edge.core.hearing.framing import FRAME_S, SILENCE
from edge.core.messages.client_events import Interrupted, Speech
from edge.door.line.jitter_buffer import JitterBuffer
from edge.door.line.speech_queue import MOST_CATCH_UP_S, Sent, SpeechQueue
from edge.door.webrtc.opus import CLOCK_HZ, OpusDecoder, OpusEncoder, lasts_ms
from runtime.audio.gaps import GapFiller
from schemas.audio import RATE_HZ

QUIET_S, SILENT_S = 0.06, 0.4
"""The time for which silence is sent after speech, and the interval of silent packets after that,
as in Opus's own discontinuous transmission."""
CLOCK = Fraction(1, CLOCK_HZ)
STAMPS_PER_MS = CLOCK_HZ // 1000


class Microphone:
    """The caller's audio, packet by packet."""

    def __init__(self, arrived: Callable[[bytes], None]) -> None:
        """Call *arrived* with the audio: s16le mono 48 kHz."""
        self._arrived = arrived
        self._decoder = OpusDecoder()
        self._jitter = JitterBuffer(STAMPS_PER_MS)
        self._filler = GapFiller(2 * STAMPS_PER_MS)
        self._known: dict[int, StreamStatistics] = {}

    def listen_to(self, receiver: RTCRtpReceiver) -> None:
        """Take the packets of *receiver* before it does."""
        held: Any = receiver
        # the receiver reports these sources to the sender
        self._known = held._RTCRtpReceiver__remote_streams
        held._handle_rtp_packet = self._receive_packet

    async def _receive_packet(self, packet: RtpPacket, arrival_time_ms: int) -> None:
        del arrival_time_ms
        if packet.ssrc in self._known or not self._known:  # the first stream alone is heard
            self._known.setdefault(packet.ssrc, StreamStatistics(CLOCK_HZ)).add(packet)
            self.receive(packet.sequence_number, packet.timestamp, packet.payload)

    def receive(self, number: int, stamp: int, payload: bytes) -> None:
        for packet in self._jitter.receive(number, stamp, payload, lasts_ms(payload)):
            pcm = self._decoder.decode(packet.payload)
            if sound := self._filler.fill(pcm, packet.gap_ms, lost=packet.lost):
                self._arrived(sound)


class VoiceTrack(MediaStreamTrack):
    """Aura's voice, from which aiortc takes packets."""

    kind = "audio"

    def __init__(self, sent: Callable[[Sent], None]) -> None:
        """Call *sent* when a piece of speech was sent."""
        super().__init__()
        self._sent = sent
        self._queue = SpeechQueue(RATE_HZ)
        self._encoder = OpusEncoder()
        self._came = asyncio.Event()
        self._now_s = asyncio.get_running_loop().time
        self._due_s = self._silent_s = self._began_s = self._now_s()
        """The due times of the next frame and of silence, on the loop's clock."""

    def tell(self, event: Speech | Interrupted) -> None:
        self._queue.tell(event)
        self._came.set()

    async def recv(self) -> Packet[Any]:
        """Return the next packet when it is due.

        Raises:
            MediaStreamError: the call is over.
        """
        while self.readyState == "live":
            self._came.clear()
            wait_s = self._due_s - self._now_s()
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            if speech := self._speech():
                return self._packet(speech, QUIET_S)
            if self._queue.rest_waits:
                continue
            if self._now_s() >= self._silent_s:
                return self._packet(SILENCE, SILENT_S)
            await self._pause()
        raise MediaStreamError

    def _speech(self) -> bytes:
        """Return the next frame of speech; empty: none is ready."""
        frame, pieces = self._queue.pop_frame()
        for piece in pieces:
            self._sent(piece)
        if self._queue.rest_waits:
            self._due_s = self._now_s() + FRAME_S
        return frame

    async def _pause(self) -> None:
        """Wait for speech, or until silence is due."""
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, self._silent_s - self._now_s())):
                await self._came.wait()
        self._due_s = max(self._due_s, self._now_s())

    def _packet(self, frame: bytes, silent_after_s: float) -> Packet[Any]:
        """Return the packet of *frame*; silence is due *silent_after_s* later, without speech."""
        at_s = max(self._due_s, self._now_s() - MOST_CATCH_UP_S)
        packet = Packet(self._encoder.encode(frame))
        packet.pts = round((at_s - self._began_s) * CLOCK_HZ)
        packet.time_base = CLOCK
        self._due_s = at_s + FRAME_S
        self._silent_s = at_s + silent_after_s
        return packet
