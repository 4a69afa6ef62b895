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
"""The microphone's own, -60 dBFS."""
Samples = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """Between the edge and the caller's ear and mouth."""

    gain_db: float | None
    """Of the echo; None: a headset."""
    delay_ms: int = 150
    room: int = 0
    """Which room; 0: none, the sound comes the straight way alone."""
    jitter_ms: int = 0
    """Both ways; what is late does not overtake."""
    delivery: Delivery = "chunks"


ROOMS = {0: (0.0, 99.0), 1: (0.2, 6.0), 2: (0.4, -3.0), 3: (0.5, -12.0)}
"""Seconds in which the sound falls by 60 dB, and the straight way against the rest, dB."""


def answer_of(room: int) -> Samples:
    """Return a room's answer to a click, of energy 1."""
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
    """Return *sound* through *by*, as long as *sound*."""
    size = 1 << (sound.size + by.size).bit_length()
    whole = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(by, size), size)
    return whole[: sound.size]


class Scene:
    """What one caller is sent, and what their microphone hears."""

    def __init__(self, line: Line, responses: list[list[bytes]], seed: int = 1) -> None:
        """Send *responses* (sentences, s16le mono 16 kHz) with 0.7 s between them."""
        self._rng = np.random.default_rng(seed)
        self._line = line
        self.told: list[tuple[int, Speech]] = []
        """When the edge sends what, ms from the start."""
        self.begins: list[int] = []
        """When each response begins to be played."""
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
        """Return what comes out of the loudspeaker, late by the line's delay."""
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
        """Let a person say *pcm* from *at_ms* on."""
        sound = np.frombuffer(pcm, "<i2").astype(np.float64)
        at = at_ms * RATE_HZ // 1000
        self.microphone[at : at + sound.size] += sound[: self.microphone.size - at]

    def packets(self) -> Iterator[tuple[int, bytes]]:
        """Yield the microphone's frames and when each of them arrives."""
        heard = np.clip(np.round(self.microphone), -32768, 32767).astype("<i2").tobytes()
        arrives_ms = 0
        for at in range(0, len(heard) - FRAME_BYTES + 1, FRAME_BYTES):
            spoken_ms = (at + FRAME_BYTES) // BYTES_PER_MS
            arrives_ms = max(arrives_ms, spoken_ms + self._jitter())
            yield arrives_ms, heard[at : at + FRAME_BYTES]
