"""Voice activity in 20 ms of audio: WebRTC's detector (2 us a frame), and a model where it decides.

WebRTC's detector hears any steady sound as a voice, so that a turn in noise never ends. A model of
speech is asked only while that detector hears something: it may say that nobody speaks.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol

import numpy as np
import webrtcvad

from edge.core.hearing.background_voices import BackgroundVoices
from schemas.audio import RATE_HZ

MODE = 2
"""WebRTC's aggressiveness, 0 to 3: how readily a sound is taken for noise ..."""
SOFT_MODE, SURE_MODE = 1, 3
SOFT_BELOW, SURE_FROM = 0.35, 0.7
"""... and what it is where a session's threshold is so low or so high."""
USUAL_THRESHOLD = 0.5
"""Of a session that asks for no other."""
GATE_RMS = 80.0
"""The least root mean square of a voice, of 32768 (-52 dBFS)."""
CHUNK_SAMPLES = 512
CHUNK_BYTES = CHUNK_SAMPLES * 2
"""The samples that the model judges at once: 32 ms."""
LIKELY = 0.35
"""A chunk that is so likely speech makes a voice of the frames around it."""
HELD_CHUNKS = 5
"""A voice lasts so many chunks (160 ms) longer than the model hears it: soft ends of words."""
WARM_CHUNKS = 4
"""Chunks before the first sound that the model is shown, too: it judges by what came before."""
IDLE_FRAMES = 25
"""The model rests after so many frames (0.5 s) without a sound."""


def rms(pcm: bytes) -> float:
    """Return the root mean square of *pcm* (s16le): 0 .. 32768."""
    samples = np.frombuffer(pcm, np.int16).astype(np.float32)
    return float(np.sqrt(np.dot(samples, samples) / samples.size)) if samples.size else 0.0


class Opinion(Protocol):
    """A model of speech, for one call."""

    def __call__(self, chunk: bytes) -> float:
        """Return how likely *chunk* (512 samples, s16le mono 16 kHz) is speech, 0..1."""

    def reset(self) -> None:
        """Forget what was heard."""


class VoiceActivity:
    """One caller's detector; it adapts to the background."""

    def __init__(self, model: Opinion | None = None) -> None:
        self._vad = webrtcvad.Vad(MODE)
        self._judge = _Judge(model) if model else None
        self._background = BackgroundVoices()

    def is_voice(self, frame: bytes, is_echo: Callable[[], bool] = lambda: False) -> bool:
        """Tell whether *frame* (640 bytes, s16le mono 16 kHz) holds the caller's voice.

        What *is_echo* of it is none; it is asked only where there is a sound.
        """
        loudness = rms(frame) if self._vad.is_speech(frame, RATE_HZ) else 0.0
        heard = loudness >= GATE_RMS and not is_echo()
        if self._judge:
            voices = self._judge.agrees(frame, heard=heard) and heard
            heard = self._background.is_below(loudness if voices else 0.0) and voices
        return heard

    @property
    def background_is_alone(self) -> bool:
        """All voices of the last seconds were the background's."""
        return self._background.is_alone

    def configure(self, threshold: float) -> None:
        """Take a sound for a voice from *threshold* on, 0..1: see `TurnConfig.threshold`."""
        soft, sure = threshold < SOFT_BELOW, threshold >= SURE_FROM
        self._vad.set_mode(SOFT_MODE if soft else SURE_MODE if sure else MODE)
        if self._judge:
            self._judge.likely = LIKELY * threshold / USUAL_THRESHOLD


class _Judge:
    """A model that is asked while there is something to judge."""

    def __init__(self, model: Opinion) -> None:
        self._model = model
        self.likely = LIKELY
        self._audio = bytearray()
        """Not judged yet; while the model is idle, the last chunks."""
        self._recent: deque[float] = deque(maxlen=HELD_CHUNKS)
        self._quiet = IDLE_FRAMES

    def agrees(self, frame: bytes, *, heard: bool) -> bool:
        """Take the next frame, in which a sound was *heard* or not; tell whether it is speech."""
        self._audio += frame
        idle = self._quiet >= IDLE_FRAMES
        self._quiet = 0 if heard else self._quiet + 1
        if idle and not heard:
            del self._audio[: -WARM_CHUNKS * CHUNK_BYTES]
            return False
        if idle:
            self._model.reset()
            self._recent.clear()
        while len(self._audio) >= CHUNK_BYTES:
            self._recent.append(self._model(bytes(self._audio[:CHUNK_BYTES])))
            del self._audio[:CHUNK_BYTES]
        return max(self._recent, default=0.0) >= self.likely
