"""Is the sound at the microphone what the client plays? Told by its spectrum, 20 ms after 20 ms.

Whatever the loudspeaker, the room and the buffers do, an echo is what was played, later, by a
fixed gain in each band, with a tail. For each delay and two lengths of tail the gain is learnt from
what is heard; the delay whose gain stays the same is the echo's. Sound is explained while no band
is well above the loudest echo that may still be. A silent microphone brings all gains down, so the
caller with a headset is free as soon as some response was played to them.
"""

from __future__ import annotations

from collections import deque

import numpy as np
import numpy.typing as npt

from edge.core.hearing.framing import FRAME_BYTES
from schemas.audio import RATE_HZ

Decibels = npt.NDArray[np.float32]
"""Levels in dB of one step of 16 bit, or gains."""

FRAME_SAMPLES = FRAME_BYTES // 2
WINDOW = 2 * FRAME_SAMPLES
"""The samples of a spectrum: two frames."""
# fmt: off
EDGES_HZ = (150, 300, 450, 600, 800, 1000, 1250, 1500, 1800, 2150, 2600, 3100, 3700, 4400, 5200,
            6200)
# fmt: on
BANDS = len(EDGES_HZ) - 1
DELAYS = 36
"""Delays that are looked for: 0 to 700 ms, a frame apart."""
TAILS = (0.25, 0.575)
"""What is left of a room's sound a frame later: rooms of 0.2 and of 0.5 s."""
LOUDEST_DB = 3.0
"""The gain of an echo at most."""
PLAYED_DB = 35.0
"""Less than this in a band says nothing about its gain."""
FRESH = 0.5
"""Share of a band's power that must be new, lest the gain is learnt from the model's tail."""
ABOVE_NOISE_DB = 6.0
ABOVE_ECHO_DB = 4.0
"""How much louder than its echo a band may be ..."""
MOST_DB = 8.0
"""... what counts of a band beyond that ..."""
EXCESS_DB = 6.0
"""... and how much of it, in all bands, is no echo any more."""
CALM_DB = 2.0
"""Less excess than this: nobody else is heard, and gains are learnt."""
SMOOTHING = 0.3
"""Weight of a frame in the excess: 5 frames."""
AS_LIKELY_DB = 1.0
"""Delays whose error is within this of the least may all be the echo's."""
LEAST_BANDS = 2
"""Fewer than these with a sound say nothing."""
YOUNG = 8
"""Frames after which a gain changes slowly:"""
DOWN, UP = 0.12, 0.08
"""by this share of what it is off, ..."""
FAR_OFF_DB = 10.0
"""... upwards at most of this, ..."""
AGAINST_VOICE_DB = 0.3
"""... and by so much a frame while somebody else is heard (down, only once the echo was found)."""
FOLLOWS = 0.15
"""Weight of a frame in the error once the echo was found: it moves with a player's buffers."""
FOUND_FRAMES = 25
"""The frames with sound after which an echo may be found."""
FOUND_DB, FOUND_SHARE = 6.0, 0.62
"""The echo is found where the least mean error is below this, and so far below the median."""
MARGIN_DB = 3.0
"""A gain of which little is known is taken for so much higher: it falls sooner than it rises."""
LOST_DB, LOST_FRAMES = 4.5, 50
"""It is sought again where the least error is above this for so many frames: somebody turned the
loudspeaker up, or put on a headset."""
HISTORY = DELAYS + 30
"""Frames before a sound that are looked at with it: 0.6 s, and what was played before them."""


def _bands() -> npt.NDArray[np.float32]:
    """Return the weights that make levels of bands of a spectrum's squares: [bands, bins]."""
    hz = np.fft.rfftfreq(WINDOW, 1 / RATE_HZ)
    edges = np.array(EDGES_HZ)
    inside = (hz >= edges[:-1, None]) & (hz < edges[1:, None])
    of_one = inside / inside.sum(axis=1, keepdims=True)
    scaled: npt.NDArray[np.float32] = (of_one * 8 / WINDOW**2).astype(np.float32)
    return scaled


_WEIGHTS = _bands()
_SHAPE = np.hanning(WINDOW)


class _Spectrum:
    """The power in each band of a stream of frames."""

    def __init__(self) -> None:
        self._before = np.zeros(FRAME_SAMPLES)

    def power(self, frame: bytes) -> npt.NDArray[np.float32]:
        """Return the power of *frame* and the one before it: float32 [bands]."""
        samples = np.frombuffer(frame, "<i2").astype(np.float64)
        bins = np.fft.rfft(np.concatenate((self._before, samples)) * _SHAPE)
        self._before = samples
        squares = (bins.real**2 + bins.imag**2).astype(np.float32)
        power: npt.NDArray[np.float32] = _WEIGHTS @ squares
        return power


def _db(power: npt.NDArray[np.float32]) -> Decibels:
    levels: Decibels = 10 * np.log10(power + np.float32(0.01))
    return levels


class EchoPath:
    """From one client's loudspeaker to its microphone; arrays are [tails, delays, bands]."""

    def __init__(self) -> None:
        self.found = False
        """There is an echo, and its delay is known."""
        self._pending: deque[tuple[bytes, bytes]] = deque(maxlen=HISTORY)
        shape = (len(TAILS), DELAYS, BANDS)
        self._gain = np.zeros(shape, np.float32)
        self._learnt = np.zeros(shape, np.float32)
        """In how many frames."""
        self._error = np.zeros(shape[:2], np.float32)
        """Mean error of what each delay foretells, dB."""
        self._frames = 0
        """With sound, until the echo was found; after it, in which no delay is right."""
        self._playing = False
        self._unknown = 0
        """Frames until all that was played in the longest delay is known."""
        self._noise = np.full(BANDS, 10, np.float32)
        self._excess = 0.0
        self._seek()
        self._forget()

    def _seek(self) -> None:
        """Know nothing of the echo."""
        self.found = False
        self._gain[:] = LOUDEST_DB
        self._learnt[:] = self._error[:] = 0
        self._frames = 0

    def _forget(self) -> None:
        """Take the loudspeaker for silent so far."""
        shape = (len(TAILS), DELAYS, BANDS)
        self._near, self._far = _Spectrum(), _Spectrum()
        self._tail = np.zeros((len(TAILS), BANDS), np.float32)
        self._played = np.full(shape, _db(np.zeros(1, np.float32))[0], np.float32)
        """What was played, with its tail, at each delay before now."""
        self._fresh = np.zeros(shape, bool)

    def note(self, near: bytes, far: bytes) -> None:
        """Take a frame of the microphone (640 bytes), and what was played in it."""
        if len(self._pending) == HISTORY:
            self._unknown = DELAYS
        self._pending.append((near, far))
        self._playing = True

    def silent(self) -> None:
        """Take the loudspeaker for silent: no echo is to be heard any more."""
        if self._playing:
            self._playing = False
            self._pending.clear()
            self._excess = 0.0
            self._unknown = 0
            self._forget()

    def explains(self) -> bool:
        """Tell whether the last frame may be nothing but echo."""
        if self._unknown == DELAYS:
            self._forget()
        while self._pending:
            self._step(*self._pending.popleft())
        return self._excess < EXCESS_DB

    def _step(self, near: bytes, far: bytes) -> None:
        self._play(far)
        level = _db(self._near.power(near))
        if self._unknown:
            self._unknown -= 1
            return
        below = level < self._noise
        self._noise += np.where(below, 0.3 * (level - self._noise), 0.05).astype(np.float32)
        floor = self._noise + 3
        level, echo = np.maximum(level, floor), self._gain + self._played
        off = level - echo
        audible = np.maximum(echo, floor)
        active = level > self._noise + ABOVE_NOISE_DB
        likely = self._error <= self._error.min() + AS_LIKELY_DB
        if self.found:  # a delay between two frames, or that moves a little
            likely[:, 1:] |= likely[:, :-1].copy()
            likely[:, :-1] |= likely[:, 1:].copy()
        above = level - audible[likely].max(axis=0) - ABOVE_ECHO_DB
        excess = float(np.clip(above, 0, MOST_DB)[active].sum())
        self._excess += SMOOTHING * (excess - self._excess)
        self._learn(off)
        told = active | ((audible > floor + ABOVE_NOISE_DB) & self._fresh)
        self._compare(level - audible, told, sounds=int(active.sum()) >= LEAST_BANDS)

    def _play(self, far: bytes) -> None:
        power = self._far.power(far)
        self._tail = np.array(TAILS, np.float32)[:, None] * self._tail + power
        self._played[:, 1:] = self._played[:, :-1]
        self._played[:, 0] = _db(self._tail)
        self._fresh[:, 1:] = self._fresh[:, :-1]
        self._fresh[:, 0] = (power >= FRESH * self._tail) & (self._played[:, 0] > PLAYED_DB)

    def _learn(self, off: Decibels) -> None:
        """Follow the gains at which the bands are *off* by nothing."""
        if not self.found:
            rest = np.where(self._learnt < YOUNG, off / (self._learnt + 1), self._step_of(off))
            self._gain += np.where(self._fresh, rest, 0).astype(np.float32)
            np.minimum(self._gain, LOUDEST_DB, out=self._gain)
            self._learnt += self._fresh
            return
        for tail, delay in enumerate(self._error.argmin(axis=1)):  # one gain for all delays
            step = self._step_of(off[tail, delay])
            self._gain[tail] = self._gain[tail, delay] + np.where(self._fresh[tail, delay], step, 0)

    def _step_of(self, off: Decibels) -> Decibels:
        step: Decibels = np.where(off < 0, DOWN, UP) * np.minimum(off, FAR_OFF_DB)
        if self._excess < CALM_DB:
            return step
        if self.found:
            return np.where(off < 0, -AGAINST_VOICE_DB, AGAINST_VOICE_DB)
        return np.where(off < 0, step, AGAINST_VOICE_DB)

    def _compare(self, off: Decibels, told: npt.NDArray[np.bool_], *, sounds: bool) -> None:
        """Note how far *off* each delay was in the bands in which it *told* of a sound."""
        count = told.sum(axis=2)
        error = (np.minimum(np.abs(off), 12) * told).sum(axis=2) / np.maximum(count, 1)
        if self.found:
            telling = (count >= LEAST_BANDS) | sounds
            self._error += np.where(telling, FOLLOWS * (error - self._error), 0).astype(np.float32)
            if sounds:
                self._frames = self._frames + 1 if self._error.min() > LOST_DB else 0
                if self._frames >= LOST_FRAMES:
                    self._seek()
        elif sounds:
            self._frames += 1
            self._error += max(0.02, 1 / (self._frames + 3)) * (error - self._error)
            self._find()

    def _find(self) -> None:
        least = self._error.min()
        if self._frames < FOUND_FRAMES or least >= FOUND_DB:
            return
        if least < FOUND_SHARE * np.median(self._error):
            self.found, self._frames = True, 0
            likely = self._error <= least + AS_LIKELY_DB
            for tail in range(len(TAILS)):  # too high a gain falls soon
                best = likely[tail] if likely[tail].any() else self._error[tail].argmin()
                self._gain[tail] = self._gain[tail][best].reshape(-1, BANDS).max(axis=0) + MARGIN_DB
