"""The sound for a caller who waits for a tool: soft noise that rises and falls, always the same."""

import random
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from schemas.audio import BYTES_PER_MS, RATE_HZ

WAIT_PIECE_MS = 120
"""The length of a piece, ms: speech that is ready waits for so much more at most."""
LOOP_S = 3
"""The time from one rise to the next, seconds."""
HISS_SAMPLES, RUMBLE_SAMPLES = 8, 64
"""The samples in the averages that take away what a telephone does not carry: above some 1 kHz, and
below some 200 Hz."""
NOISE_DIVISOR = 18
"""The noise is divided by this, so that it is about -40 dBFS at its loudest."""


def after(sent: int) -> bytes:
    """Return the piece, s16le 16 kHz, after *sent* bytes; the first begins with silence."""
    sound = _loop()
    begins = sent % len(sound)
    return sound[begins : begins + WAIT_PIECE_MS * BYTES_PER_MS]


@cache
def _loop() -> bytes:
    size = LOOP_S * RATE_HZ
    rng = random.Random(0)  # noqa: S311  # it has to be the same always
    noise = np.frombuffer(rng.randbytes(2 * size), "<i2").astype(np.int64)
    noise = _averaged(noise, HISS_SAMPLES)
    noise -= _averaged(noise, RUMBLE_SAMPLES)
    rise = np.minimum(np.arange(size), np.arange(size)[::-1])
    return (noise * rise * rise // (NOISE_DIVISOR * (size // 2) ** 2)).astype("<i2").tobytes()


def _averaged(noise: npt.NDArray[Any], samples: int) -> npt.NDArray[Any]:
    """Return the running average of *noise*, whole numbers alike on all machines."""
    sums = np.cumsum(np.concatenate((noise[-samples:], noise)))
    averaged: npt.NDArray[Any] = (sums[samples:] - sums[:-samples]) // samples
    return averaged
