"""Conversion of audio to and from Aura's one format: mono, signed 16-bit little-endian, 16 kHz.

Audio of another rate is resampled as a stream (`runtime/audio/resampling.py`).
"""

import math
import struct
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from runtime.audio import media
from runtime.audio.containers import Container, container_of
from runtime.audio.g711 import LAWS
from runtime.audio.resampling import Resampler, kept_back
from runtime.audio.wav import MOST_HEADER_BYTES, PCM, Format, NotAudioError, WavHeader
from schemas.audio import RATE_HZ


class PcmStream:
    """Converts a stream of samples of one format; an incomplete sample waits for its rest."""

    def __init__(self, form: Format | None = None) -> None:
        self._form = form or Format()
        self._frame_bytes = self._form.frame_bytes
        self._rest = b""
        self._plain = self._form == Format()
        self._resampler: Resampler | None = None
        """Created at the first samples: creating one takes as long as converting a second of
        audio."""

    def feed(self, data: bytes) -> bytes:
        """Return *data* as s16le mono 16 kHz; a resampler keeps a few ms back."""
        if self._rest:
            data = self._rest + data
        odd_bytes = len(data) % self._frame_bytes
        self._rest = data[len(data) - odd_bytes :] if odd_bytes else b""
        if odd_bytes:
            data = data[: len(data) - odd_bytes]
        if self._plain or not data:
            return data
        samples, rate_hz = _mono(data, self._form), self._form.rate_hz
        if rate_hz != RATE_HZ:
            self._resampler = self._resampler or Resampler(rate_hz, RATE_HZ)
            samples = self._resampler.feed(samples)
        return samples.tobytes()

    @property
    def lead(self) -> bytes:
        """Silence as long as the audio that a resampler keeps back, s16le mono 16 kHz.

        With this silence in front, each frame is complete with the message that brings its end.
        """
        rate_hz = self._form.rate_hz
        return b"" if rate_hz == RATE_HZ else bytes(2 * kept_back(rate_hz, RATE_HZ))

    @property
    def resamples(self) -> bool:
        """Whether a resampler was created."""
        return self._resampler is not None

    def align(self) -> None:
        """Drop an incomplete sample."""
        self._rest = b""

    def flush(self) -> bytes:
        """End the stream and return the audio that the resampler kept back."""
        if self._resampler is None:
            return b""
        return self._resampler.feed(np.zeros(0, np.int16), last=True).tobytes()


def _mono(data: bytes, form: Format) -> NDArray[np.int16]:
    """Return interleaved samples as int16 [frames], channels averaged."""
    if (form.encoding, form.width, form.channels) == ("pcm", 2, 1):
        return np.frombuffer(data, "<i2")
    if form.encoding in LAWS:
        wide = LAWS[form.encoding][np.frombuffer(data, np.uint8)]
    elif form.encoding == "float":
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


def _ignore(_: object) -> None:
    """Ignore decoded audio or an error."""


class AudioIn:
    """Converts a client's audio, whose format may change, to s16le mono 16 kHz."""

    def __init__(
        self,
        deliver: Callable[[bytes], None] = _ignore,
        fail: Callable[[str], None] = _ignore,
    ) -> None:
        """Take the receivers of decoded audio and of errors; both are called in another thread."""
        self._deliver, self._fail = deliver, fail
        self._form: Format | Container | None = None
        self._stream = PcmStream()
        self._decoder: media.Decoder | None = None

    def feed(self, data: bytes, form: Format | Container, *, begins: bool = False) -> bytes:
        """Return *data* of *form* converted; a change of format begins a new stream.

        *begins*: the data begin with a whole sample, or with the beginning of a file.

        Raises:
            NotAudioError: a file begins that cannot be decoded; the rest of it is dropped.
        """
        if isinstance(form, Container):
            return self._feed_file(data, form, begins=begins)
        if form is self._form or form == self._form:
            if begins:
                self._stream.align()
            return self._stream.feed(data)
        before = self._ended()
        self._form, self._stream = form, PcmStream(form)
        return before + self._stream.lead + self._stream.feed(data)

    @property
    def waiting_bytes(self) -> int:
        """The bytes of files that wait for the decoder."""
        return self._decoder.waiting_bytes if self._decoder else 0

    def makes_resampler(self, form: Format | Container, data: bytes) -> bool:
        """Tell whether *data* of *form* needs a new resampler, which is slow to create."""
        if isinstance(form, Container) or form.rate_hz == RATE_HZ or not data:
            return False
        return form != self._form or not self._stream.resamples

    def _feed_file(self, data: bytes, container: Container, *, begins: bool) -> bytes:
        before = b""
        if begins or container != self._form:
            before = self._ended()
            self._form = container
            if not media.available():
                name = container.value
                raise NotAudioError(f"WAV or 16-bit PCM, not {name}; the extra `media` decodes it")
            self._decoder = self._decoder or media.Decoder(self._deliver, self._fail)
            self._decoder.begin(container)
        if self._decoder:
            self._decoder.feed(data)
        return before

    def _ended(self) -> bytes:
        """End the current stream and return the audio that was kept back."""
        if self._decoder:
            self._decoder.finish()
        return b"" if isinstance(self._form, Container) else self._stream.flush()

    def close(self) -> None:
        """Stop decoding."""
        if self._decoder:
            self._decoder.close()
            self._decoder = None


class AudioOut:
    """Resamples audio for a client to its rate; the pieces of one stream join without a click."""

    def __init__(self, rate_hz: int = RATE_HZ) -> None:
        self.rate_hz = rate_hz
        self._resampler: Resampler | None = None

    def feed(self, pcm: bytes, *, more: bool = False) -> bytes:
        """Return *pcm* (s16le mono 16 kHz) at the client's rate; *more* of its stream follows.

        A resampler keeps a few ms back while more follows.
        """
        if self.rate_hz == RATE_HZ:
            return pcm
        if self._resampler is None:
            if not pcm:
                return b""
            self._resampler = Resampler(RATE_HZ, self.rate_hz)
        out = self._resampler.feed(np.frombuffer(pcm, np.int16), last=not more).tobytes()
        if not more:
            self._resampler = None
        return out

    def drop(self) -> None:
        """Drop the audio that was kept back: its stream was interrupted."""
        self._resampler = None


class AudioReader:
    """Reads a stream of unknown form: files, one long WAV, or raw samples.

    A chunk that begins like a file begins a new file; any other chunk continues the stream.
    """

    def __init__(self, raw: Format | None = None) -> None:
        self._raw = raw or Format()
        self._form: Format | Container = self._raw
        self._header_bytes = bytearray()
        """The beginning of a WAV's header that is not complete yet."""
        self._header = WavHeader()
        self._first = True
        """Nothing has come."""

    @property
    def is_raw(self) -> bool:
        """The samples are raw: no header has described them."""
        return self._form is self._raw

    def feed(self, chunk: bytes) -> tuple[bytes, Format | Container, bool]:
        """Return the samples in *chunk*, their format, and whether they begin a file.

        Compressed files are returned as they are.

        Raises:
            NotAudioError: the chunk begins like a WAV and is none; later chunks are read as raw
            samples.
        """
        if not self._header_bytes and chunk[:4] != b"RIFF":
            container = container_of(chunk, first=self._first)
            self._first = self._first and not chunk
            if container:
                self._form = container
            return chunk, self._form, container is not None
        if not chunk:
            return b"", self._form, False
        self._first = False
        self._header_bytes += chunk
        try:
            parsed = self._header.read(self._header_bytes)
            if parsed is None:
                if len(self._header_bytes) > MOST_HEADER_BYTES:
                    raise NotAudioError("a WAV's header fits into 64 KiB")
                return b"", self._form, False
        except NotAudioError:
            self._form = self._raw
            self._forget_header()
            raise
        self._form, begin, _ = parsed
        samples = bytes(self._header_bytes[begin:])
        self._forget_header()
        return samples, self._form, True

    def _forget_header(self) -> None:
        self._header_bytes, self._header = bytearray(), WavHeader()


def read_wav(data: bytes, most_s: float = math.inf) -> bytes:
    """Return a whole WAV as s16le mono 16 kHz.

    Raises:
        NotAudioError: the data are no WAV, end within the header, hold no samples, or hold more
            than *most_s* of sound.
    """
    parsed = WavHeader().read(data)
    if parsed is None:
        raise NotAudioError("a WAV with samples; this one ends in its header")
    form, begin, size = parsed
    body = data[begin:] if size < 0 else data[begin : begin + size]
    if len(body) > most_s * form.bytes_per_second:
        raise NotAudioError(f"{most_s:g} s of sound at most")
    stream = PcmStream(form)
    pcm = stream.feed(body) + stream.flush()
    if not pcm:
        raise NotAudioError("a WAV with samples; this one holds none")
    return pcm


def write_wav(pcm: bytes, rate_hz: int = RATE_HZ, *, channels: int = 1) -> bytes:
    """Return s16le *pcm* of *rate_hz*, with interleaved *channels*, as a WAV."""
    frame_bytes = 2 * channels
    return (
        struct.pack(
            "<4sI4s4sIHHIIHH4sI",
            *(b"RIFF", 36 + len(pcm), b"WAVE", b"fmt ", 16),
            *(PCM, channels, rate_hz, rate_hz * frame_bytes, frame_bytes, 16),
            *(b"data", len(pcm)),
        )
        + pcm
    )
