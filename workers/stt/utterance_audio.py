"""The audio of an utterance that is still needed; the rest is dropped. Pure."""

import numpy as np

from schemas.audio import BYTES_PER_MS, RATE_HZ, AudioFrame
from workers.stt.utterance_words import AudioPart

MOST_GAP_MS = 5000
HOP_MS = 20
QUIET_HOPS = 10
"""The hops of the quietest part, whose middle is the place of a cut: 200 ms."""


class UtteranceAudio:
    """s16le mono 16 kHz; times are ms from the beginning of the utterance."""

    def __init__(self) -> None:
        self._pcm = bytearray()
        self._from_ms = 0

    @property
    def until_ms(self) -> int:
        return self._from_ms + len(self._pcm) // BYTES_PER_MS

    def add(self, message: AudioFrame) -> None:
        """Append *message*; missing audio before it is silence.

        A longer gap than MOST_GAP_MS drops the audio before it.
        """
        gap_ms = message.from_ms - self.until_ms
        if self._pcm and 0 < gap_ms <= MOST_GAP_MS:
            self._pcm += bytes(gap_ms * BYTES_PER_MS)
        elif gap_ms > 0:
            self._pcm.clear()
            self._from_ms = message.from_ms
        self._pcm += message.pcm

    def of(self, part: AudioPart) -> bytes:
        """Return the kept audio of *part*."""
        first = max(0, part.from_ms - self._from_ms)
        last = max(0, part.until_ms - self._from_ms)
        return bytes(self._pcm[first * BYTES_PER_MS : last * BYTES_PER_MS])

    def forget(self, before_ms: int) -> None:
        """Drop the audio before *before_ms*."""
        if (gone_ms := min(before_ms, self.until_ms) - self._from_ms) > 0:
            del self._pcm[: gone_ms * BYTES_PER_MS]
            self._from_ms += gone_ms

    def quiet_ms(self, part: AudioPart) -> int:
        """Return the middle of the quietest 200 ms in the kept audio of *part*, or else its end."""
        samples = np.frombuffer(self.of(part), "<i2").astype(np.float32)
        hop = HOP_MS * RATE_HZ // 1000
        energy = np.square(samples[: len(samples) // hop * hop].reshape(-1, hop)).mean(axis=1)
        if len(energy) < QUIET_HOPS:
            return part.until_ms
        smooth = np.convolve(energy, np.ones(QUIET_HOPS), mode="valid")
        return max(part.from_ms, self._from_ms) + (int(smooth.argmin()) + QUIET_HOPS // 2) * HOP_MS
