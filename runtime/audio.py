"""Sound in and out of Aura's one form: mono, signed 16-bit little-endian, 16 kHz.

Resampling is soxr's, in streams, and only where the rates differ.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray

RATE_HZ = 16_000
PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
MOST_HEADER_BYTES = 65_536
"""A WAV whose samples begin later than this is not one that anybody streams."""


class NotAudioError(ValueError):
    """Bytes that are not the audio they should be; the message says what was expected."""


@dataclass(frozen=True)
class Format:
    """How samples are laid out."""

    rate_hz: int = RATE_HZ
    channels: int = 1
    width: int = 2
    """Bytes a sample of one channel."""
    is_float: bool = False

    @property
    def frame_bytes(self) -> int:
        return self.channels * self.width

    def check(self) -> Format:
        """Return itself.

        Raises:
            NotAudioError: a format nobody records speech in.
        """
        if not 4_000 <= self.rate_hz <= 192_000:
            raise NotAudioError(f"a sample rate of 4000 to 192000 Hz, not {self.rate_hz}")
        if not 1 <= self.channels <= 8:
            raise NotAudioError(f"1 to 8 channels, not {self.channels}")
        if self.width not in ((4, 8) if self.is_float else (1, 2, 3, 4)):
            raise NotAudioError(f"8, 16, 24 or 32 bit samples or floats, not {8 * self.width} bit")
        return self


def parse_header(data: bytes) -> tuple[Format, int, int] | None:
    """Return a WAV's format, where its samples begin, and how many bytes they are (-1: open end).

    None where *data* is too short to tell.

    Raises:
        NotAudioError: it is no WAV, or one that is not supported.
    """
    if not b"RIFF".startswith(data[:4]) or not b"WAVE".startswith(data[8:12]):
        raise NotAudioError("a WAV, which begins with RIFF....WAVE")
    at, found = 12, None
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        body = data[at + 8 : at + 8 + size]
        if name == b"fmt ":
            if size < 16:
                raise NotAudioError("a WAV's fmt chunk has 16 bytes at least")
            if len(body) < min(size, 40):
                return None
            found = _format(body)
        elif name == b"data":
            if found is None:
                raise NotAudioError("a WAV's fmt chunk comes before its data")
            return found, at + 8, -1 if size in {0, 0xFFFFFFFF} else size
        at += 8 + size + size % 2
        if at > MOST_HEADER_BYTES:
            raise NotAudioError("a WAV's samples begin within its first 64 KiB")
    return None


def _format(body: bytes) -> Format:
    tag, channels, rate_hz, _, _, bits = struct.unpack_from("<HHIIHH", body)
    if tag == EXTENSIBLE and len(body) >= 26:
        tag = int.from_bytes(body[24:26], "little")
    if tag not in {PCM, FLOAT}:
        raise NotAudioError(f"an uncompressed WAV, not one of format {tag}")
    if bits % 8:
        raise NotAudioError(f"whole bytes a sample, not {bits} bits")
    return Format(rate_hz, channels, bits // 8, tag == FLOAT).check()


class PcmStream:
    """Converts samples of one format as they come; what is cut inside a sample waits."""

    def __init__(self, form: Format | None = None) -> None:
        self._form = form or Format()
        self._rest = b""
        self._plain = self._form == Format()
        self._resampler = (
            None
            if self._form.rate_hz == RATE_HZ
            else soxr.ResampleStream(self._form.rate_hz, RATE_HZ, 1, dtype="int16", quality="HQ")
        )

    def feed(self, data: bytes) -> bytes:
        """Return *data* as s16le mono 16 kHz; a resampler keeps a few ms back."""
        if self._rest:
            data = self._rest + data
        over = len(data) % self._form.frame_bytes
        self._rest = data[len(data) - over :] if over else b""
        if over:
            data = data[: len(data) - over]
        if self._plain or not data:
            return data
        samples = _mono(data, self._form)
        if self._resampler is not None:
            samples = self._resampler.resample_chunk(samples)
        return samples.tobytes()

    def flush(self) -> bytes:
        """Return what the resampler kept back; the stream is over."""
        if self._resampler is None:
            return b""
        last: bytes = self._resampler.resample_chunk(np.zeros(0, np.int16), last=True).tobytes()
        return last


def _mono(data: bytes, form: Format) -> NDArray[np.int16]:
    """Return interleaved samples as int16 [frames], channels averaged."""
    if form.is_float:
        wide = np.frombuffer(data, f"<f{form.width}").astype(np.float64) * 32767.0
        wide = np.nan_to_num(wide, nan=0.0, posinf=32767.0, neginf=-32768.0)
    elif form.width == 1:
        wide = (np.frombuffer(data, np.uint8).astype(np.float64) - 128.0) * 256.0
    elif form.width == 3:
        raw = np.frombuffer(data, np.uint8).reshape(-1, 3)
        wide = raw[:, 1:].copy().view("<i2").reshape(-1).astype(np.float64)
    else:
        wide = np.frombuffer(data, f"<i{form.width}").astype(np.float64)
        wide /= 65536.0 if form.width == 4 else 1.0
    if form.channels > 1:
        wide = wide.reshape(-1, form.channels).mean(axis=1)
    return np.clip(wide, -32768, 32767).astype(np.int16)


class WavStream:
    """A stream that may be WAVs, one WAV whose header came first, or raw samples: whatever comes.

    A chunk that begins with `RIFF....WAVE` starts anew; anything else goes on as before.
    """

    def __init__(self, raw: Format | None = None) -> None:
        self._raw = raw or Format()
        self._stream = PcmStream(self._raw)
        self._header = b""
        self._left = -1

    def feed(self, chunk: bytes) -> bytes:
        """Return *chunk* as s16le mono 16 kHz.

        Raises:
            NotAudioError: it begins like a WAV and is none; what follows is read as raw samples.
        """
        out = b""
        if self._header:
            chunk, self._header = self._header + chunk, b""
        elif chunk[:4] != b"RIFF":
            return self._samples(chunk)
        else:
            out = self._stream.flush()
        try:
            parsed = parse_header(chunk)
        except NotAudioError:
            self._stream, self._left = PcmStream(self._raw), -1
            raise
        if parsed is None:
            if len(chunk) > MOST_HEADER_BYTES:
                raise NotAudioError("a WAV's header fits into 64 KiB")
            self._header = chunk
            return out
        form, begin, self._left = parsed
        self._stream = PcmStream(form)
        return out + self._samples(chunk[begin:])

    def _samples(self, data: bytes) -> bytes:
        """Convert samples; those that follow the end of a WAV are of its format too."""
        return self._stream.feed(data)


def read_wav(data: bytes) -> bytes:
    """Return a whole WAV as s16le mono 16 kHz.

    Raises:
        NotAudioError: it is no WAV, is cut off in its header, or holds no sound.
    """
    parsed = parse_header(data)
    if parsed is None:
        raise NotAudioError("a WAV with samples; this one ends in its header")
    form, begin, size = parsed
    body = data[begin:] if size < 0 else data[begin : begin + size]
    stream = PcmStream(form)
    pcm = stream.feed(body) + stream.flush()
    if not pcm:
        raise NotAudioError("a WAV with samples; this one holds none")
    return pcm


def write_wav(pcm: bytes, rate_hz: int = RATE_HZ) -> bytes:
    """Return s16le mono *pcm* of *rate_hz* as a WAV."""
    return (
        struct.pack(
            "<4sI4s4sIHHIIHH4sI",
            *(b"RIFF", 36 + len(pcm), b"WAVE", b"fmt ", 16),
            *(PCM, 1, rate_hz, rate_hz * 2, 2, 16),
            *(b"data", len(pcm)),
        )
        + pcm
    )


def resample(pcm: bytes, from_hz: int, to_hz: int) -> bytes:
    """Return s16le mono *pcm* at another rate."""
    if from_hz == to_hz or not pcm:
        return pcm
    out: bytes = soxr.resample(np.frombuffer(pcm, np.int16), from_hz, to_hz).tobytes()
    return out
