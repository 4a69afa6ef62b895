"""The audio of words that many calls need, such as a greeting: synthesized once, kept in memory.

Only words of the configuration are kept, never on a disk: they may have a caller's name.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import NamedTuple

from workers.engines.protocols import VoiceUsed

MOST_AUDIO_BYTES = 32 << 20
"""The most bytes of audio: seventeen minutes of speech."""


class Spoken(NamedTuple):
    """Words, and everything that changes their sound."""

    voice: VoiceUsed
    speed: float
    language: str
    text: str

    @classmethod
    def of(cls, voice: VoiceUsed, speed: float, language: str, text: str) -> Spoken:
        return cls(voice, speed, language.lower(), " ".join(text.split()))


class FixedWords:
    """Audio by words; the least recently used is dropped first."""

    def __init__(self, most_bytes: int = MOST_AUDIO_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._audio: OrderedDict[Spoken, tuple[bytes, ...]] = OrderedDict()

    def get(self, spoken: Spoken) -> tuple[bytes, ...] | None:
        """Return the chunks of *spoken*, s16le mono 16 kHz; None: they are not kept."""
        if (chunks := self._audio.get(spoken)) is not None:
            self._audio.move_to_end(spoken)
        return chunks

    def keep(self, spoken: Spoken, chunks: Iterable[bytes]) -> None:
        """Keep the chunks of *spoken* as they were cut, so that each call gets the same ones."""
        pieces = tuple(chunks)
        if _size(pieces) > self._most_bytes:
            return
        self._bytes += _size(pieces) - _size(self._audio.pop(spoken, ()))
        self._audio[spoken] = pieces
        while self._bytes > self._most_bytes:
            _, gone = self._audio.popitem(last=False)
            self._bytes -= _size(gone)


def _size(chunks: Iterable[bytes]) -> int:
    return sum(map(len, chunks))
