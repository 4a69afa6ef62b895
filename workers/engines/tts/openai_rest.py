"""A voice behind HTTP: any server with OpenAI's `/audio/speech`, streamed.

A server may be slow before the first sound, but after it the audio must keep up with the listener.
Waits are counted against the audio that came (`patient`), so a slow server is given up like a
silent one.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import numpy as np

from runtime.audio.containers import container_of
from runtime.audio.conversion import PcmStream
from runtime.audio.wav import MOST_HEADER_BYTES, Format, NotAudioError, WavHeader
from schemas.audio import RATE_HZ
from workers.engines.errors import EngineRefusedError, ServerUnavailableError
from workers.engines.openai_api import BlockingClient, ServerSettings, translating_errors
from workers.engines.tts.piper import without_lead

SERVER: Final = ServerSettings(
    what="the voice's server",
    url="AURA_TTS_BASE_URL",
    key="AURA_TTS_API_KEY",
    model="AURA_TTS_MODEL",
)
LEAST_BEGINNING_BYTES: Final = 12
"""The bytes that tell a WAV from raw samples."""
OPENAI_PCM_HZ: Final = 24_000
"""The rate of OpenAI's own PCM."""
_NOT_SOUND: Final = ("text/", "application/json", "application/problem+json")
_COMPRESSED: Final = ("mpeg", "mp3", "ogg", "opus", "aac", "flac", "mp4", "webm")


class RestVoice:
    """One voice of one server. Any number of threads may call it."""

    def __init__(
        self,
        client: BlockingClient,
        *,
        model: str,
        voice: str,
        form: str = "wav",
        rate_hz: int = OPENAI_PCM_HZ,
        extra_body: Mapping[str, Any] | None = None,
    ) -> None:
        """Take *voice* of *model*, in *form* 'wav' or 'pcm' of *rate_hz*.

        *extra_body* is added to each request.
        """
        self.name = f"openai:{model}:{voice}"
        self._model = model
        self._voice = voice
        self._client = client
        self._format = form
        self._raw = Format(rate_hz)
        self._extra = dict(extra_body or {})

    def warm(self) -> None:
        """Synthesize a word, so that the server loads its model.

        Raises:
            EngineMissingError: the library is not installed.
            ServerUnavailableError, EngineRefusedError: as `synthesize`.
        """
        for _ in self.synthesize("Hello."):
            pass

    def synthesize(self, text: str) -> Iterator[bytes]:
        """Yield *text* as s16le mono 16 kHz, piece by piece as it arrives.

        Raises:
            ServerUnavailableError: a retry may succeed; the answer may have begun.
            EngineRefusedError: the server refuses the request, or its answer has another form.
        """
        if not any(char.isalnum() for char in text):
            return  # servers refuse such a text, or turn it into noise
        client, library = self._client.get()
        began_s = self._client.now_s()
        with (
            translating_errors(library, SERVER, self._model),
            client.audio.speech.with_streaming_response.create(
                input=text,
                model=self._model,
                voice=self._voice,
                response_format=self._format,
                extra_body=self._extra,
            ) as answer,
        ):
            _check_kind(answer.headers.get("content-type", ""))
            pieces = patient(
                answer.iter_bytes(),  # without a size, which would wait for so many bytes
                limit_s=self._client.limit_s,
                bytes_per_second=self._raw.bytes_per_second,
                waited_s=self._client.now_s() - began_s,
                now_s=self._client.now_s,
            )
            raw = self._raw if self._format == "pcm" else None
            yield from _without_lead(converted(pieces, raw))


def _check_kind(kind: str) -> None:
    """Check the content type of an answer.

    Raises:
        EngineRefusedError: the answer is no audio, or compressed audio.
    """
    kind = kind.partition(";")[0].strip().lower()
    if kind.startswith(_NOT_SOUND):
        raise EngineRefusedError(
            f"{SERVER.what} answered {kind}, not sound; is {SERVER.url} right?"
        )
    if kind.startswith("audio/") and kind.endswith(_COMPRESSED):
        raise EngineRefusedError(f"{SERVER.what} answered {kind}: it does not know AURA_TTS_FORMAT")


def _without_lead(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield *pieces* (s16le mono 16 kHz) without silence before the first sound."""
    samples = (np.frombuffer(piece, "<i2") for piece in pieces)
    for piece in without_lead(samples, RATE_HZ):
        if len(piece):
            yield piece.tobytes()


def patient(
    pieces: Iterable[bytes],
    *,
    limit_s: float,
    bytes_per_second: int,
    waited_s: float = 0.0,
    now_s: Callable[[], float] = time.monotonic,
) -> Iterator[bytes]:
    """Yield *pieces* until the waits exceed the audio that came by *limit_s*.

    *waited_s*: the wait so far. The time in which the consumer uses a piece does not count.

    Raises:
        ServerUnavailableError: the audio is *limit_s* behind a listener.
    """
    coming = iter(pieces)
    left_s = limit_s - waited_s
    while True:
        since_s = now_s()
        piece = next(coming, None)
        if piece is None:
            return
        left_s = min(limit_s, left_s - (now_s() - since_s) + len(piece) / bytes_per_second)
        if left_s < 0:
            raise ServerUnavailableError(f"{SERVER.what} speaks too slowly")
        yield piece


def converted(pieces: Iterable[bytes], raw: Format | None) -> Iterator[bytes]:
    """Yield *pieces* of a WAV, or of samples in the format *raw*, as s16le mono 16 kHz.

    Raises:
        EngineRefusedError: the pieces are neither.
        ServerUnavailableError: the pieces hold no samples.
    """
    begun, header = bytearray(), WavHeader()
    stream: PcmStream | None = None
    left_bytes = -1
    has_sound = False
    for piece in pieces:
        samples = piece
        if stream is None:
            begun += piece
            if len(begun) < LEAST_BEGINNING_BYTES:
                continue
            if (samples_at := _format_of(begun, header, raw)) is None:
                continue
            form, at, left_bytes = samples_at
            stream, samples = PcmStream(form), bytes(begun[at:])
        if left_bytes >= 0:  # other chunks may follow the samples of a WAV
            samples = samples[:left_bytes]
            left_bytes -= len(samples)
        if pcm := stream.feed(samples):
            has_sound = True
            yield pcm
    if stream and (pcm := stream.flush()):
        has_sound = True
        yield pcm
    if not has_sound:
        raise ServerUnavailableError(f"{SERVER.what} sent no sound")


def _format_of(
    begun: bytearray, header: WavHeader, raw: Format | None
) -> tuple[Format, int, int] | None:
    """Return the format, offset and bytes (-1: open) of the samples, or None if unknown yet.

    Raises:
        EngineRefusedError: the bytes are neither a WAV nor samples.
    """
    if begun[:4] == b"RIFF":
        try:
            samples_at = header.read(begun)
        except NotAudioError as error:
            raise EngineRefusedError(f"{SERVER.what} sent no WAV that is one: {error}") from error
        if samples_at is None and len(begun) > MOST_HEADER_BYTES:
            raise EngineRefusedError(f"{SERVER.what} sent a WAV without samples")
        return samples_at
    if container := container_of(bytes(begun), first=True):
        raise EngineRefusedError(
            f"{SERVER.what} sent {container.value}: it does not know AURA_TTS_FORMAT"
        )
    if raw is None:
        raise EngineRefusedError(f"{SERVER.what} sent no WAV: try AURA_TTS_FORMAT=pcm")
    return raw, 0, -1
