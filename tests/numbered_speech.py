"""Speech whose words are numbers, and a recogniser that reads them from the samples."""

from __future__ import annotations

from collections import Counter

import numpy as np

from schemas.audio import BYTES_PER_MS, AudioFrame
from workers.engines.protocols import Recognition

WORD_MS = 300
FRAME_MS = 100
"""Of voice or silence: a number of them is a word, or a pause."""


def spoken(said: list[tuple[int, int]]) -> list[AudioFrame]:
    """Return an utterance as an edge sends it.

    *said*: how many words, and how many frames of silence after them. A word is 300 ms of samples
    that hold its number; silence is 0.
    """
    made: list[AudioFrame] = []
    number = seq = pause = from_ms = 0
    went_on = False

    def send(sample: int, *, mark: int = 0) -> None:
        nonlocal seq, from_ms, went_on
        frame = AudioFrame(
            seq=seq,
            pcm=sample.to_bytes(2, "little") * (FRAME_MS * BYTES_PER_MS // 2),
            pause=mark,
            from_ms=from_ms,
            continued_ms=from_ms if went_on else 0,
        )
        made.append(frame)
        seq, from_ms, went_on = seq + 1, from_ms + FRAME_MS, False

    for words, silences in said:
        for _ in range(words):
            number += 1
            for _ in range(WORD_MS // FRAME_MS):
                send(number)
        for at in range(silences):
            pause += at == 0
            send(0, mark=pause if at == 0 else 0)
        went_on = silences > 0
    made.append(AudioFrame(seq=seq, pcm=b"", end=True, from_ms=from_ms))
    return made


def recognised(pcm: bytes) -> Recognition:
    """Hear the numbers of the words that are whole, or more than half, in *pcm*."""
    heard = Counter(np.frombuffer(pcm, "<i2")[:: 20 * BYTES_PER_MS // 2].tolist())
    text = " ".join(str(n) for n, hops in heard.items() if n and hops * 20 > WORD_MS // 2)
    return Recognition(text, 0.9 if text else 0.0, len(pcm) // BYTES_PER_MS, 1.0)


class NumberRecognizer:
    """`recognised`, as an engine."""

    name = "numbers"

    def __init__(self) -> None:
        self.heard_ms: list[int] = []
        """How much audio each recognition had."""

    def warm(self) -> None:
        """There is nothing to load."""

    def transcribe(self, pcm: bytes, *, language: str) -> Recognition:
        """Return the numbers in *pcm*; *language* changes nothing."""
        del language
        self.heard_ms.append(len(pcm) // BYTES_PER_MS)
        return recognised(pcm)


def numbers(count: int) -> list[str]:
    return [str(n) for n in range(1, count + 1)]
