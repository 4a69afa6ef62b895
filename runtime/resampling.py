"""Samples at another rate, in a stream that keeps less than 20 ms back: a pause is noticed late.

soxr's resampler for fixed ratios transforms blocks and holds 36 ms of 48 kHz, 115 ms of 8 kHz; the
one for variable ratios filters sample by sample, with the same pass band and 80 dB beyond it. It
holds 240 samples: too long at a telephone's rate, which is doubled first.
"""

from __future__ import annotations

import numpy as np
import soxr
from numpy.typing import NDArray

Samples = NDArray[np.int16]
SLOW_HZ = 16_000
"""Below it 240 samples are longer than 15 ms."""
HALF = 24
"""Samples on each side of the one that is made up between two."""


def _taps() -> NDArray[np.float64]:
    """Return a half-band filter's taps between two samples, [2 * HALF].

    It passes 3.5 kHz of 8 kHz, and mirrors nothing above -80 dB.
    """
    distance = np.arange(-HALF, HALF) + 0.5
    taps = np.sinc(distance) * np.i0(8 * np.sqrt(1 - (distance / HALF) ** 2))
    normed: NDArray[np.float64] = taps / taps.sum()
    return normed


TAPS = _taps()


class _Doubler:
    """Puts a sample between each two."""

    def __init__(self) -> None:
        self._kept = np.zeros(HALF - 1, np.int16)

    def feed(self, samples: Samples) -> Samples:
        known = np.concatenate([self._kept, samples])
        count = len(known) - 2 * HALF + 1
        if count <= 0:
            self._kept = known
            return known[:0]
        between = np.rint(np.convolve(known, TAPS, "valid"))
        self._kept = known[count:]
        doubled = np.stack([known[HALF - 1 :][:count], np.clip(between, -32768, 32767)], axis=1)
        return doubled.astype(np.int16).reshape(-1)


class Resampler:
    """One stream of int16 samples from one rate to another."""

    def __init__(self, from_hz: int, to_hz: int) -> None:
        self._doubler = _Doubler() if from_hz < min(to_hz, SLOW_HZ) else None
        from_hz *= 2 if self._doubler else 1
        self._soxr = (
            None
            if from_hz == to_hz
            else soxr.ResampleStream(from_hz, to_hz, 1, dtype="int16", quality="HQ", vr=True)
        )

    def feed(self, samples: Samples, *, last: bool = False) -> Samples:
        """Return *samples* as far as they are known at the other rate: all if these are the *last*.

        As many samples come out as their time holds.
        """
        if self._doubler:
            rest = np.zeros(HALF if last else 0, np.int16)
            samples = self._doubler.feed(np.concatenate([samples, rest]))
        if self._soxr is None:
            return samples
        resampled: Samples = self._soxr.resample_chunk(samples, last=last)
        return resampled
