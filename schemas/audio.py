"""The messages beside the events: audio and partial transcripts. Only recorded audio is stored."""

from __future__ import annotations

from typing import Annotated

import msgspec

RATE_HZ = 16_000
"""Samples a second of all PCM on the bus: mono, signed 16-bit little-endian."""
BYTES_PER_MS = RATE_HZ * 2 // 1000
ENOUGH_MS = 200
"""The audio in the first chunk of a sentence: the next chunk comes sooner than it is played."""

Pcm = Annotated[bytes, msgspec.Meta(extra_json_schema={"x-msgpack-type": "bin"})]
"""Mono, signed 16-bit little-endian, 16 000 samples a second: 32 bytes are 1 ms."""


class AudioFrame(msgspec.Struct, frozen=True, kw_only=True):
    """Edge -> STT: a piece of an utterance, on `aura.au.<session>.<utterance>`."""

    seq: int
    """Counts the frames of the utterance from 0, without a gap."""
    pcm: Pcm
    """0 to 100 ms."""
    pause: int = 0
    """Above 0: the caller fell silent here for the n-th time; recognise what there is."""
    end: bool = False
    """The utterance is over."""
    stands: int = 0
    """With `end`: the pause whose transcript has all words of the utterance; 0: none has."""
    from_ms: int = 0
    """Where in the utterance its audio begins. 0 in a later frame: an older edge does not say."""
    continued_ms: int = 0
    """Above 0: the caller went on after the latest pause, so many ms into the utterance."""


class SpeechChunk(msgspec.Struct, frozen=True, kw_only=True):
    """TTS -> edge: a piece of a sentence's audio, on `aura.pcm.<session>.<turn>`."""

    turn: int
    index: int
    """The sentence, from 0."""
    chunk: int
    """The piece of it, from 0. The same numbers always mean the same audio."""
    pcm: Pcm
    last: bool = False


class TranscriptPartial(msgspec.Struct, frozen=True, kw_only=True):
    """STT -> edge: the words so far while the caller speaks, on `aura.part.<session>`."""

    utterance: int
    text: str
    audio_ms: int
    """How much of the utterance this covers."""


class RecordedSound(msgspec.Struct, frozen=True, kw_only=True):
    """Edge -> recording, where it was asked for: on `aura.rec.<tenant>.<session>.<side>`.

    The side is `caller`, or `client` for what was played there.
    """

    seq: int
    """Counts the pieces of a side and connection from 0."""
    from_ms: int
    """Unix time, ms, at which the first sample was spoken or played, on the edge's clock."""
    pcm: Pcm
