"""A caller with a loudspeaker beside the microphone, in simulated time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge.core.client_events import Speech
from edge.core.hearing.framing import FRAME_BYTES
from edge.core.inputs import ChunkSpoken
from edge.core.response.playback import Playback
from schemas.audio import BYTES_PER_MS, RATE_HZ
from schemas.session_config import Delivery, VoiceConfig

NOISE_RMS = 33.0
"""The noise of the microphone, -60 dBFS."""
Samples = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """The path between the edge and the caller."""

    gain_db: float | None
    """The level of the echo; None: a headset."""
    delay_ms: int = 150
    room: int = 0
    """The number of the room; 0: none, only the direct sound."""
    jitter_ms: int = 0
    """In both directions; packets keep their order."""
    delivery: Delivery = "chunks"


ROOMS = {0: (0.0, 99.0), 1: (0.2, 6.0), 2: (0.4, -3.0), 3: (0.5, -12.0)}
"""The reverberation time (60 dB), s, and the level of the direct sound against the rest, dB."""


def answer_of(room: int) -> Samples:
    """Return a room's impulse response, of energy 1."""
    decay_s, direct_db = ROOMS[room]
    if not decay_s:
        return np.ones(1)
    at = np.arange(int(decay_s * RATE_HZ))
    rest = np.random.default_rng(room).normal(size=at.size) * 10 ** (-3 * at / at.size)
    rest[0] = 0
    rest /= np.sqrt((rest**2).sum())
    rest[0] = 10 ** (direct_db / 20)
    scaled: Samples = rest / np.sqrt((rest**2).sum())
    return scaled


def filtered(sound: Samples, by: Samples) -> Samples:
    """Return *sound* filtered by *by*, with the length of *sound*."""
    size = 1 << (sound.size + by.size).bit_length()
    whole = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(by, size), size)
    return whole[: sound.size]


class Scene:
    """The audio sent to one caller, and that of their microphone."""

    def __init__(self, line: Line, responses: list[list[bytes]], seed: int = 1) -> None:
        """Send *responses* (sentences, s16le mono 16 kHz) with 0.7 s between them."""
        self._rng = np.random.default_rng(seed)
        self._line = line
        self.told: list[tuple[int, Speech]] = []
        """The audio that the edge sends, with its time in ms from the start."""
        self.begins: list[int] = []
        """The start of each response's playback."""
        self.length_ms = self._send(responses)
        size = self.length_ms * RATE_HZ // 1000
        self.microphone: Samples = self._rng.normal(0, NOISE_RMS, size)
        if line.gain_db is not None:
            played = self._played(size)
            self.microphone += filtered(played, answer_of(line.room)) * 10 ** (line.gain_db / 20)

    def _send(self, responses: list[list[bytes]]) -> int:
        now_ms = 500
        for turn, sentences in enumerate(responses, 1):
            playback = Playback(turn, VoiceConfig(delivery=self._line.delivery))
            for index, pcm in enumerate(sentences):
                playback.sentence(index, "words " * 8)
                playback.chunk(ChunkSpoken(turn, index, 0, pcm, last=True))
            playback.completed(len(sentences))
            self.begins.append(now_ms)
            while not playback.all_sent:
                self.told += [(now_ms, speech) for speech in playback.due(now_ms)]
                now_ms += 5
            now_ms = playback.until_ms + 700
        return now_ms + 500

    def _played(self, size: int) -> Samples:
        """Return the loudspeaker's audio, after the line's delay."""
        air = np.zeros(size + 60 * RATE_HZ)
        until = arrived = 0
        for sent_ms, speech in self.told:
            arrived = max(arrived, sent_ms + self._jitter())
            pcm = np.frombuffer(speech.pcm, "<i2")
            begins = max(until, (arrived + self._line.delay_ms) * RATE_HZ // 1000)
            until = begins + pcm.size
            air[begins:until] += pcm
        return air[:size]

    def _jitter(self) -> int:
        return int(self._rng.integers(0, self._line.jitter_ms + 1))

    def speaks(self, pcm: bytes, at_ms: int) -> None:
        """Add a person who says *pcm* from *at_ms* on."""
        sound = np.frombuffer(pcm, "<i2").astype(np.float64)
        at = at_ms * RATE_HZ // 1000
        self.microphone[at : at + sound.size] += sound[: self.microphone.size - at]

    def packets(self) -> Iterator[tuple[int, bytes]]:
        """Yield the microphone's frames, each with its time of arrival."""
        heard = np.clip(np.round(self.microphone), -32768, 32767).astype("<i2").tobytes()
        arrives_ms = 0
        for at in range(0, len(heard) - FRAME_BYTES + 1, FRAME_BYTES):
            spoken_ms = (at + FRAME_BYTES) // BYTES_PER_MS
            arrives_ms = max(arrives_ms, spoken_ms + self._jitter())
            yield arrives_ms, heard[at : at + FRAME_BYTES]
