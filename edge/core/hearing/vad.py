"""Voice activity of each 20 ms: WebRTC's detector (2 us a frame), confirmed by a speech model.

WebRTC's detector takes any steady sound for a voice, so a turn in noise would never end. The speech
model is asked only while that detector hears something, and may deny that it is speech.
"""

from collections import deque
from collections.abc import Callable
from typing import Protocol

import numpy as np
import webrtcvad

from edge.core.hearing.background_voices import BackgroundVoices
from schemas.audio import RATE_HZ

MODE = 2
"""WebRTC's aggressiveness, 0 to 3, with which it rejects sound as noise."""
SOFT_MODE, SURE_MODE = 1, 3
SOFT_BELOW, SURE_FROM = 0.35, 0.7
"""The aggressiveness for low and high thresholds of a session."""
USUAL_THRESHOLD = 0.5
"""The default threshold."""
GATE_RMS = 80.0
"""The least root mean square of a voice, of 32768 full scale (-52 dBFS)."""
CHUNK_SAMPLES = 512
VAD_CHUNK_BYTES = CHUNK_SAMPLES * 2
"""The samples in a chunk for the model: 32 ms."""
VOICE_PROBABILITY = 0.35
"""The least probability of speech in a chunk at which its frames count as voice."""
HELD_CHUNKS = 5
"""The chunks (160 ms) that still count as voice after the model hears none, for soft ends of
words."""
WARM_CHUNKS = 4
"""The chunks before the first sound that the model gets as context."""
REST_FRAMES = 25
"""The frames (0.5 s) without sound after which the model is no longer asked."""


def rms(pcm: bytes) -> float:
    """Return the root mean square of *pcm* (s16le): 0 .. 32768."""
    samples = np.frombuffer(pcm, np.int16).astype(np.float32)
    return float(np.sqrt(np.dot(samples, samples) / samples.size)) if samples.size else 0.0


class Opinion(Protocol):
    """A speech model for one call."""

    def __call__(self, chunk: bytes) -> float:
        """Return the probability of speech in *chunk* (512 samples, s16le mono 16 kHz), 0..1."""

    def reset(self) -> None:
        """Reset the model's state."""


class VoiceActivity:
    """The detector of one caller; it adapts to the background."""

    def __init__(self, model: Opinion | None = None) -> None:
        self._vad = webrtcvad.Vad(MODE)
        self._judge = _Judge(model) if model else None
        self._background = BackgroundVoices()

    def is_voice(self, frame: bytes, is_echo: Callable[[], bool] = lambda: False) -> bool:
        """Tell whether *frame* (640 bytes, s16le mono 16 kHz) holds the caller's voice.

        A frame for which *is_echo* returns true holds no voice; it is only called if there is
        sound.
        """
        loudness = rms(frame) if self._vad.is_speech(frame, RATE_HZ) else 0.0
        has_sound = voiced = loudness >= GATE_RMS and not is_echo()
        if self._judge:
            voiced = self._judge.agrees(frame, has_sound=has_sound) and has_sound
            voiced = self._background.is_below(loudness if voiced else 0.0) and voiced
        return voiced

    @property
    def background_is_alone(self) -> bool:
        """Whether all voices of the last seconds were in the background."""
        return self._background.is_alone

    def configure(self, threshold: float) -> None:
        """Set the *threshold*, 0..1, from which a sound is voice: see `TurnConfig.threshold`."""
        soft, sure = threshold < SOFT_BELOW, threshold >= SURE_FROM
        self._vad.set_mode(SOFT_MODE if soft else SURE_MODE if sure else MODE)
        if self._judge:
            self._judge.likely = VOICE_PROBABILITY * threshold / USUAL_THRESHOLD


class _Judge:
    """A speech model that is only asked while there is sound."""

    def __init__(self, model: Opinion) -> None:
        self._model = model
        self.likely = VOICE_PROBABILITY
        self._audio = bytearray()
        """Audio that was not judged yet; while the model rests, the last chunks."""
        self._recent: deque[float] = deque(maxlen=HELD_CHUNKS)
        self._quiet = REST_FRAMES

    def agrees(self, frame: bytes, *, has_sound: bool) -> bool:
        """Take the next frame, with or without sound (*has_sound*); tell whether it is speech."""
        self._audio += frame
        rests = self._quiet >= REST_FRAMES
        self._quiet = 0 if has_sound else self._quiet + 1
        if rests and not has_sound:
            del self._audio[: -WARM_CHUNKS * VAD_CHUNK_BYTES]
            return False
        if rests:
            self._model.reset()
            self._recent.clear()
        while len(self._audio) >= VAD_CHUNK_BYTES:
            self._recent.append(self._model(bytes(self._audio[:VAD_CHUNK_BYTES])))
            del self._audio[:VAD_CHUNK_BYTES]
        return max(self._recent, default=0.0) >= self.likely
