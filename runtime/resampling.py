"""Resampling of a stream that keeps less than 20 ms back, lest a pause is noticed late.

soxr's resampler for fixed ratios transforms blocks and holds 36 ms of 48 kHz, 115 ms of 8 kHz; the
one for variable ratios filters sample by sample, with the same pass band and 80 dB beyond it. It
holds 240 samples: too long at a telephone's rate, which is doubled first. 24 kHz, the rate of many
clients, becomes 16 kHz by a filter that holds 3 ms.
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


REACH = 72
"""Samples of 24 kHz on each side of one of 16 kHz, 3 ms."""
CUTOFF = 7400 / 24_000
"""The edge of the passed band, as a share of 24 kHz: 7.4 kHz; from 8.2 kHz on -70 dB is left."""


def _third_taps() -> NDArray[np.float64]:
    """Return the taps for a sample on one of the input's, and between two, [2, 2 * REACH]."""
    distance = np.arange(2 * REACH) - REACH + 1 - np.array([[0.0], [0.5]])
    taps = np.sinc(2 * CUTOFF * distance)
    taps *= np.i0(7 * np.sqrt(np.clip(1 - (distance / REACH) ** 2, 0, 1)))
    normed: NDArray[np.float64] = taps / taps.sum(axis=1, keepdims=True)
    return normed


THIRD_TAPS = _third_taps()


class _TwoThirds:
    """Makes two samples of three: the first on one of theirs, the other between two."""

    def __init__(self) -> None:
        self._kept = np.zeros(REACH - 1, np.int16)
        self._owed = 0
        """Thirds of samples that came and are not made into others yet."""

    def feed(self, samples: Samples, *, last: bool) -> Samples:
        self._owed += 2 * len(samples)
        rest = np.zeros(REACH + 2 if last else 0, np.int16)
        made: Samples = self._made(np.concatenate([self._kept, samples, rest]))[: self._owed // 3]
        self._owed -= 3 * len(made)
        return made

    def _made(self, known: Samples) -> Samples:
        count = (len(known) - 2 * REACH - 1) // 3 + 1
        if count <= 0:
            self._kept = known
            return known[:0]
        around = np.lib.stride_tricks.sliding_window_view(known, 2 * REACH)
        both = np.stack(
            [around[: 3 * count : 3] @ THIRD_TAPS[0], around[1 : 3 * count : 3] @ THIRD_TAPS[1]],
            axis=1,
        )
        self._kept = known[3 * count :]
        pairs: Samples = np.clip(np.rint(both), -32768, 32767).astype(np.int16).reshape(-1)
        return pairs


class Resampler:
    """One stream of int16 samples from one rate to another."""

    def __init__(self, from_hz: int, to_hz: int) -> None:
        self._two_thirds = _TwoThirds() if (from_hz, to_hz) == (24_000, 16_000) else None
        self._doubler = _Doubler() if from_hz < min(to_hz, SLOW_HZ) else None
        from_hz *= 2 if self._doubler else 1
        self._soxr = (
            None
            if from_hz == to_hz or self._two_thirds
            else soxr.ResampleStream(from_hz, to_hz, 1, dtype="int16", quality="HQ", vr=True)
        )

    def feed(self, samples: Samples, *, last: bool = False) -> Samples:
        """Return *samples* as far as they are known at the other rate: all if these are the *last*.

        As many samples come out as their time holds.
        """
        if self._two_thirds:
            return self._two_thirds.feed(samples, last=last)
        if self._doubler:
            rest = np.zeros(HALF if last else 0, np.int16)
            samples = self._doubler.feed(np.concatenate([samples, rest]))
        if self._soxr is None:
            return samples
        resampled: Samples = self._soxr.resample_chunk(samples, last=last)
        return resampled
