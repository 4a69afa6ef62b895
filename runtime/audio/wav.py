"""The format of audio samples, and the WAV header that describes it. Pure."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from schemas.audio import RATE_HZ

PCM, EXTENSIBLE = 1, 0xFFFE
Encoding = Literal["pcm", "float", "mulaw", "alaw"]
ENCODINGS: Mapping[int, Encoding] = {1: "pcm", 3: "float", 6: "alaw", 7: "mulaw"}
"""Encodings by a WAV's format tag."""
WIDTHS: Mapping[Encoding, tuple[int, ...]] = {
    "pcm": (1, 2, 3, 4),
    "float": (4, 8),
    "mulaw": (1,),
    "alaw": (1,),
}
"""The allowed sizes of a sample of one channel, in bytes."""
MOST_HEADER_BYTES = 65_536
"""The longest header of a streamed WAV, in bytes."""
MOST_CHUNKS = 64
"""The most chunks before the samples of a WAV."""


class NotAudioError(ValueError):
    """The bytes are not the expected audio; the message says what was expected."""


@dataclass(frozen=True)
class Format:
    """The layout of samples."""

    rate_hz: int = RATE_HZ
    channels: int = 1
    width: int = 2
    """Bytes a sample of one channel."""
    encoding: Encoding = "pcm"

    @property
    def frame_bytes(self) -> int:
        return self.channels * self.width

    @property
    def bytes_per_second(self) -> int:
        return self.frame_bytes * self.rate_hz

    def __post_init__(self) -> None:
        """Check that the format is supported.

        Raises:
            NotAudioError: the rate, the width or the number of channels is not supported.
        """
        if not 4_000 <= self.rate_hz <= 192_000:
            raise NotAudioError(f"a sample rate of 4000 to 192000 Hz, not {self.rate_hz}")
        if not 1 <= self.channels <= 8:
            raise NotAudioError(f"1 to 8 channels, not {self.channels}")
        if self.width not in WIDTHS[self.encoding]:
            bits = " or ".join(str(8 * width) for width in WIDTHS[self.encoding])
            raise NotAudioError(f"{bits} bits a sample of {self.encoding}, not {8 * self.width}")


class WavHeader:
    """Parses a header that arrives in pieces, without reading any piece twice."""

    def __init__(self) -> None:
        self._at = 12
        """The offset of the next chunk of the file."""
        self._chunks = 0
        self._format: Format | None = None

    def read(self, data: bytes | bytearray) -> tuple[Format, int, int] | None:
        """Return the format, the offset of the samples and their length in bytes (-1: open).

        *data* holds all bytes so far, those of earlier calls too. None: they are too few.

        Raises:
            NotAudioError: the data are no WAV, or one of an unsupported format.
        """
        if not b"RIFF".startswith(data[:4]) or not b"WAVE".startswith(data[8:12]):
            raise NotAudioError("a WAV, which begins with RIFF....WAVE")
        while self._at + 8 <= len(data):
            at = self._at
            name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
            if name == b"fmt ":
                if size < 16:
                    raise NotAudioError("a WAV's fmt chunk has 16 bytes at least")
                body = data[at + 8 : at + 8 + min(size, 40)]
                if len(body) < min(size, 40):
                    return None
                self._format = _format(body)
            elif name == b"data":
                if self._format is None:
                    raise NotAudioError("a WAV's fmt chunk comes before its data")
                return self._format, at + 8, -1 if size in {0, 0xFFFFFFFF} else size
            self._at += 8 + size + size % 2
            self._chunks += 1
            if self._at > MOST_HEADER_BYTES or self._chunks > MOST_CHUNKS:
                raise NotAudioError(
                    f"a WAV's samples begin within its first 64 KiB and {MOST_CHUNKS} chunks"
                )
        return None


def _format(body: bytes | bytearray) -> Format:
    tag, channels, rate_hz, _, _, bits = struct.unpack_from("<HHIIHH", body)
    if tag == EXTENSIBLE and len(body) >= 26:
        tag = int.from_bytes(body[24:26], "little")
    if tag not in ENCODINGS:
        raise NotAudioError(f"a WAV of PCM, floats, mu-law or A-law, not format {tag}")
    if bits % 8:
        raise NotAudioError(f"whole bytes a sample, not {bits} bits")
    return Format(rate_hz, channels, bits // 8, ENCODINGS[tag])
