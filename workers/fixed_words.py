"""The audio of words that many calls need, such as a greeting: synthesized once, kept in memory.

Only words of the configuration are kept, never on a disk: they may have a caller's name.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

from workers.engines.protocols import VoiceUsed

MOST_BYTES = 32 << 20
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

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[Spoken, bytes] = OrderedDict()

    def get(self, spoken: Spoken) -> bytes | None:
        """Return the audio of *spoken*, s16le mono 16 kHz; None: it is not kept."""
        if (pcm := self._kept.get(spoken)) is not None:
            self._kept.move_to_end(spoken)
        return pcm

    def keep(self, spoken: Spoken, pcm: bytes) -> None:
        if len(pcm) > self._most_bytes:
            return
        self._bytes += len(pcm) - len(self._kept.pop(spoken, b""))
        self._kept[spoken] = pcm
        while self._bytes > self._most_bytes:
            _, gone = self._kept.popitem(last=False)
            self._bytes -= len(gone)
