"""Messages that are no events: audio and partial transcripts. Only recorded audio is stored."""

from typing import Annotated, Literal

import msgspec

RATE_HZ = 16_000
"""Sample rate of all PCM on the bus, Hz; it is mono, signed 16-bit little-endian."""
BYTES_PER_S = RATE_HZ * 2
BYTES_PER_MS = BYTES_PER_S // 1000
FIRST_CHUNK_MS = 200
"""Audio in the first chunk of a sentence, ms; the next chunk arrives before this one is played."""

AUDIO_RETENTION_S = 150
"""The time for which the bus keeps the audio of utterances and sentences, in memory, s."""
SoundSide = Literal["caller", "client"]
"""A side of a recorded call: the caller, or the audio that the client played."""

Pcm = Annotated[bytes, msgspec.Meta(extra_json_schema={"x-msgpack-type": "bin"})]
"""PCM, mono, signed 16-bit little-endian, 16 000 Hz: 32 bytes are 1 ms."""


class AudioFrame(msgspec.Struct, frozen=True, kw_only=True):
    """Edge -> STT: a piece of an utterance, on `aura.au.<session>.<utterance>`."""

    seq: int
    """Counts the audio messages of the utterance from 0, without a gap."""
    pcm: Pcm
    """The audio, 0 to 100 ms."""
    pause: int = 0
    """Above 0: the n-th pause of the utterance begins here; recognise the audio so far."""
    end: bool = False
    """Whether the utterance is over."""
    final_pause: int = msgspec.field(default=0, name="stands")
    """With `end`: the transcript up to this pause has all words of the utterance; 0: none has."""
    from_ms: int = 0
    """The start of this audio in the utterance, ms. An older edge leaves it 0."""
    continued_ms: int = 0
    """Above 0: the caller went on after the latest pause, at this time of the utterance, ms."""


class SpeechChunk(msgspec.Struct, frozen=True, kw_only=True):
    """TTS -> edge: a piece of a sentence's audio, on `aura.pcm.<session>.<turn>`."""

    turn: int
    index: int
    """The number of the sentence, from 0."""
    chunk: int
    """The number of the chunk in its sentence, from 0. The same numbers always mean the same
    stretch of the sentence's audio: a worker cuts at fixed lengths."""
    pcm: Pcm
    last: bool = False
    """Whether it is the last chunk of its sentence, where that is known; `chunks` of `speech.ready`
    always tells the number."""


class TranscriptPartial(msgspec.Struct, frozen=True, kw_only=True):
    """STT -> edge: the words so far while the caller speaks, on `aura.part.<session>`."""

    utterance: int
    text: str
    """The words so far; the next partial may change them."""
    audio_ms: int
    """The audio that these words cover, ms from the start of the utterance."""


class RecordedSound(msgspec.Struct, frozen=True, kw_only=True):
    """Edge -> all: sound of a recorded call, on `aura.rec.<tenant>.<session>.<side>`.

    The side is `caller`, or `client` for the audio that the client played.
    """

    seq: int
    """The number of the piece in its side and connection, from 0."""
    from_ms: int
    """Unix time, ms, at which the first sample was spoken or played, on the edge's clock."""
    pcm: Pcm
