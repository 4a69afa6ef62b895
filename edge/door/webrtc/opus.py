"""Opus, packet by packet: libopus by PyAV, which aiortc brings."""

from fractions import Fraction
from typing import Literal

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.error import FFmpegError
from av.packet import Packet

from schemas.audio import RATE_HZ

CLOCK_HZ = 48_000
"""The rate of time stamps, and of decoded audio."""
OPUS_BITS_PER_SECOND = 32_000
_MS = (10, 20, 40, 60)
_SHORT_MS = (2.5, 5.0, 10.0, 20.0)


def lasts_ms(payload: bytes) -> float:
    """Return the length of a packet's audio (RFC 6716, 3.1)."""
    if not payload:
        return 0.0
    config, frames = payload[0] >> 3, payload[0] & 3
    if config < 12:
        frame_ms = float(_MS[config % 4])
    elif config < 16:
        frame_ms = 20.0 if config & 1 else 10.0
    else:
        frame_ms = _SHORT_MS[config % 4]
    count = (1, 2, 2)[frames] if frames < 3 else (payload[1] & 0x3F if len(payload) > 1 else 0)
    return frame_ms * count


class OpusDecoder:
    """Decodes one stream to s16le mono 48 kHz."""

    def __init__(self) -> None:
        self._codec = _codec("r", CLOCK_HZ)

    def decode(self, payload: bytes) -> bytes:
        """Return the audio of a packet; b"" for a damaged one."""
        try:
            frames = self._codec.decode(Packet(payload)) if payload else []
        except FFmpegError:
            return b""
        return b"".join(frame.to_ndarray().tobytes() for frame in frames)


class OpusEncoder:
    """Encodes one stream of s16le mono 16 kHz."""

    def __init__(self) -> None:
        self._codec = _codec("w", RATE_HZ)
        self._codec.bit_rate = OPUS_BITS_PER_SECOND
        self._codec.options = {"application": "voip"}
        self._codec.time_base = Fraction(1, RATE_HZ)
        self._samples = 0

    def encode(self, pcm: bytes) -> bytes:
        """Return the packet of a frame of 20 ms."""
        samples = np.frombuffer(pcm, np.int16).reshape(1, -1)
        frame = AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = RATE_HZ
        frame.pts = self._samples
        self._samples += samples.shape[1]
        return b"".join(bytes(packet) for packet in self._codec.encode(frame))


def _codec(mode: Literal["r", "w"], rate_hz: int) -> AudioCodecContext:
    codec = av.CodecContext.create("libopus", mode)
    codec.format, codec.layout, codec.sample_rate = "s16", "mono", rate_hz
    return codec
