"""A queue of audio between the event loop and the thread of the sound card. Pure."""

from threading import Lock

import numpy as np

from aura.cli.sound.levels import level
from runtime.audio.resampling import Resampler
from schemas.audio import RATE_HZ


class Loudspeaker:
    """A queue of audio at the rate of the device; it returns silence when it is empty."""

    def __init__(self, rate_hz: int = RATE_HZ) -> None:
        self._rate_hz = rate_hz
        self._lock = Lock()
        self._waiting = bytearray()
        self._resampler = Resampler(RATE_HZ, rate_hz)
        self.level = 0.0
        """The level of the last audio played, 0 to 1."""

    def put(self, pcm: bytes) -> None:
        """Append *pcm* (s16le mono 16 kHz) to the queue."""
        samples = self._resampler.feed(np.frombuffer(pcm, "<i2").astype(np.int16))
        with self._lock:
            self._waiting += samples.astype("<i2").tobytes()

    def drop(self) -> None:
        """Drop the audio in the queue."""
        self._resampler = Resampler(RATE_HZ, self._rate_hz)
        with self._lock:
            self._waiting.clear()

    def read(self, size: int) -> bytes:
        """Return the next *size* bytes to play: s16le mono at the device's rate."""
        with self._lock:
            pcm = bytes(self._waiting[:size])
            del self._waiting[:size]
        self.level = level(pcm)
        return pcm.ljust(size, b"\0")
