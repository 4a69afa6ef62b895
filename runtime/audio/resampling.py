"""Stream resampling that keeps back less than 20 ms, so that pauses are noticed in time.

soxr's resampler for fixed ratios works on blocks and keeps back 36 ms of 48 kHz, 115 ms of 8 kHz.
Its resampler for variable ratios filters sample by sample, with the same pass band and 80 dB of
rejection, and keeps back 240 samples. That is too long at a telephone's rate, which is therefore
doubled first. Between 16 kHz and the 24 kHz of many clients, our own filter keeps back 1.5 ms.
"""

from functools import cache, lru_cache

import numpy as np
import soxr
from numpy.typing import NDArray

Samples = NDArray[np.int16]
SLOW_HZ = 16_000
"""Below this rate 240 samples are longer than 15 ms."""
HALF_SAMPLES = 24
"""Input samples on each side of an interpolated sample."""


def _taps() -> NDArray[np.float64]:
    """Return the taps of a half-band filter, [2 * HALF_SAMPLES].

    At 8 kHz it passes 3.5 kHz, with images below -80 dB.
    """
    distance = np.arange(-HALF_SAMPLES, HALF_SAMPLES) + 0.5
    taps = np.sinc(distance) * np.i0(8 * np.sqrt(1 - (distance / HALF_SAMPLES) ** 2))
    normed: NDArray[np.float64] = taps / taps.sum()
    return normed


TAPS = _taps()


class _Doubler:
    """Doubles the rate: interpolates a sample between each two."""

    def __init__(self) -> None:
        self._rest = np.zeros(HALF_SAMPLES - 1, np.int16)

    def feed(self, samples: Samples) -> Samples:
        known = np.concatenate([self._rest, samples])
        count = len(known) - 2 * HALF_SAMPLES + 1
        if count <= 0:
            self._rest = known
            return known[:0]
        between = np.rint(np.convolve(known, TAPS, "valid"))
        self._rest = known[count:]
        doubled = np.stack(
            [known[HALF_SAMPLES - 1 :][:count], np.clip(between, -32768, 32767)], axis=1
        )
        return doubled.astype(np.int16).reshape(-1)


REACH_S = 0.0015
"""The input on each side of an output sample."""
CUTOFF_HZ = 7400
"""The edge of the pass band; from 8.2 kHz on the filter attenuates by 70 dB."""
GROUPS_PER_ROW = 16
"""Groups of output samples in one row of the matrix product."""
MOST_PRODUCT_ROWS = 32
"""Rows of one matrix product; with more, BLAS starts threads, which spin for longer than it
takes."""


@cache
def _matrix(from_hz: int, up: int, down: int) -> NDArray[np.float32]:
    """Return weights, [inputs, GROUPS_PER_ROW * up]: *up* outputs for *down* inputs."""
    reach = round(REACH_S * from_hz)
    made_at = reach - 1 + np.arange(GROUPS_PER_ROW * up) * down / up
    distance = np.arange(int(made_at[-1]) + reach + 1)[:, None] - made_at
    weights = np.sinc(2 * CUTOFF_HZ / from_hz * distance)
    weights *= np.i0(7 * np.sqrt(np.clip(1 - (distance / reach) ** 2, 0, 1)))
    weights[np.abs(distance) >= reach] = 0
    normed: NDArray[np.float32] = (weights / weights.sum(axis=0)).astype(np.float32)
    return normed


HIGHEST, LOWEST = np.array(32767, np.float32), np.array(-32768, np.float32)


class _Layout:
    """Arrays for pieces of one length, reused, since microphones send fifty equal pieces a second.

    A numpy call costs as much as a hundred samples, so the arrays and views are prepared once.
    """

    def __init__(self, before: int, new: int, weights: NDArray[np.float32], up: int) -> None:
        """Prepare arrays for *new* samples after *before* old ones; a group has *up* outputs."""
        down = 5 - up
        known, width = before + new, len(weights)
        count = max(0, (known - (width - (GROUPS_PER_ROW - 1) * down)) // down + 1)
        rows = -(-count // GROUPS_PER_ROW)
        samples = np.zeros(max(known, (rows - 1) * GROUPS_PER_ROW * down + width), np.float32)
        self.sizes = before, new
        self.before, self.new = samples[:before], samples[before:known]
        self.rest = samples[count * down : known]
        step = GROUPS_PER_ROW * down * samples.itemsize
        around = np.ndarray((rows, width), np.float32, samples, 0, (step, samples.itemsize))
        made = np.empty((rows, GROUPS_PER_ROW * up), np.float32)
        self._products = [
            (around[at : at + MOST_PRODUCT_ROWS], weights, made[at : at + MOST_PRODUCT_ROWS])
            for at in range(0, rows, MOST_PRODUCT_ROWS)
        ]
        self._known = made.reshape(-1)[: count * up]

    def made(self) -> Samples:
        for product in self._products:
            np.dot(*product)
        np.rint(self._known, out=self._known)
        np.minimum(self._known, HIGHEST, out=self._known)
        np.maximum(self._known, LOWEST, out=self._known)
        return self._known.astype(np.int16)


class _Thirds:
    """Resamples by 2/3 or 3/2 as a product of matrices."""

    def __init__(self, from_hz: int, to_hz: int) -> None:
        self._up, self._down = (2, 3) if from_hz > to_hz else (3, 2)
        self._weights = _matrix(from_hz, self._up, self._down)
        self._reach = round(REACH_S * from_hz)
        self._rest = np.zeros(self._reach - 1, np.float32)
        self._layout: _Layout | None = None
        self._owed = 0
        """Output that is due and not made yet, in parts of a sample: *down* parts are one."""

    def feed(self, samples: Samples, *, last: bool) -> Samples:
        if last:
            silence = np.zeros(self._reach + self._down, np.int16)
            self._owed -= self._up * len(silence)
            samples = np.concatenate([samples, silence])
        layout, sizes = self._layout, (len(self._rest), len(samples))
        if layout is None or layout.sizes != sizes:
            layout = self._layout = _Layout(*sizes, self._weights, self._up)
        layout.before[:] = self._rest
        layout.new[:] = samples
        made = layout.made()
        self._rest = layout.rest
        self._owed += self._up * len(samples)
        if self._down * len(made) > self._owed:
            made = made[: self._owed // self._down]
        self._owed -= self._down * len(made)
        return made


class Resampler:
    """One stream of int16 samples from one rate to another."""

    def __init__(self, from_hz: int, to_hz: int) -> None:
        self._thirds = _Thirds(from_hz, to_hz) if {from_hz, to_hz} == {24_000, 16_000} else None
        self._doubler = _Doubler() if from_hz < min(to_hz, SLOW_HZ) else None
        from_hz *= 2 if self._doubler else 1
        self._soxr = (
            None
            if from_hz == to_hz or self._thirds
            else soxr.ResampleStream(from_hz, to_hz, 1, dtype="int16", quality="HQ", vr=True)
        )

    def feed(self, samples: Samples, *, last: bool = False) -> Samples:
        """Return *samples* at the other rate; a few ms are kept back unless these are the *last*.

        In all, the output is exactly as long as the input.
        """
        if self._thirds:
            return self._thirds.feed(samples, last=last)
        if self._doubler:
            rest = np.zeros(HALF_SAMPLES if last else 0, np.int16)
            samples = self._doubler.feed(np.concatenate([samples, rest]))
        if self._soxr is None:
            return samples
        resampled: Samples = self._soxr.resample_chunk(samples, last=last)
        return resampled


@lru_cache(maxsize=64)
def kept_back(from_hz: int, to_hz: int) -> int:
    """Return the most samples, at *to_hz*, that a resampler keeps back."""
    quiet = np.zeros(from_hz // 4, np.int16)
    return 2 + to_hz // 4 - len(Resampler(from_hz, to_hz).feed(quiet))
