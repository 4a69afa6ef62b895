"""Detects whether the microphone hears the client's playback, by the spectrum of each 20 ms.

    SEARCHES --find--> FOUND
    FOUND --lose--> SEARCHES

An echo is the played audio after a delay, with a fixed gain in each band. The room adds a tail. The
gains are learnt for each delay and for two lengths of tail. The gains of the true delay stay the
same from frame to frame, and so that delay is found.

A frame may be echo if no band is well above the loudest echo that the gains allow. The gains fall
while audio is played and the microphone hears nothing. So a caller with a headset is soon heard.
"""

from collections import deque
from collections.abc import Mapping
from enum import Enum, auto

import numpy as np
import numpy.typing as npt

from edge.core.hearing.framing import FRAME_BYTES
from runtime.moves import moved
from schemas.audio import RATE_HZ

Decibels = npt.NDArray[np.float32]
"""Levels in dB relative to one step of 16 bits, or gains in dB."""

FRAME_SAMPLES = FRAME_BYTES // 2
WINDOW_SAMPLES = 2 * FRAME_SAMPLES
"""The samples for a spectrum: two frames."""
# fmt: off
EDGES_HZ = (150, 300, 450, 600, 800, 1000, 1250, 1500, 1800, 2150, 2600, 3100, 3700, 4400, 5200,
            6200)
# fmt: on
BANDS = len(EDGES_HZ) - 1
DELAYS = 36
"""The delays that are tried: 0 to 700 ms, a frame apart."""
TAIL_DECAYS = (0.25, 0.575)
"""The decay of a room's sound in a frame, for reverberation times of 0.2 and 0.5 s."""
SHAPE = (len(TAIL_DECAYS), DELAYS, BANDS)
HIGHEST_GAIN_DB = 3.0
"""The highest gain of an echo."""
PLAYED_DB = 35.0
"""The level below which a band says nothing about its gain."""
FRESH_SHARE = 0.5
"""The share of a band's power that must be new, so that no gain is learnt from the tail of the
model."""
ABOVE_NOISE_DB = 6.0
ABOVE_ECHO_DB = 4.0
"""The level above its echo that a band may have without excess."""
MOST_EXCESS_DB = 8.0
"""The most excess of one band that counts."""
EXCESS_DB = 6.0
"""The excess over all bands from which on the sound is no echo."""
CALM_EXCESS_DB = 2.0
"""The excess below which only echo is heard, so that gains are learnt."""
SMOOTHING = 0.3
"""The weight of a frame in the excess: an average over 5 frames."""
AS_LIKELY_DB = 1.0
"""All delays whose error is within this of the least may be the echo's."""
LEAST_BANDS = 2
"""The fewest bands with sound for a judgement."""
YOUNG_FRAMES = 8
"""The frames after which a gain changes slowly."""
DOWN_SHARE, UP_SHARE = 0.12, 0.08
"""The share of its error by which a slow gain changes in a frame, downwards and upwards."""
FAR_OFF_DB = 10.0
"""The most error that counts upwards."""
AGAINST_VOICE_DB = 0.3
"""The change of a gain in a frame during other sound; downwards only once the echo was found."""
FOLLOW_WEIGHT = 0.15
"""The weight of a frame in the error after the detection, since a player's buffers move the
delay."""
FOUND_FRAMES = 25
"""The fewest frames with sound before an echo may be found."""
FOUND_DB, FOUND_SHARE = 6.0, 0.62
"""An echo is found if the least mean error is below this, and so far below the median."""
MARGIN_DB = 3.0
"""A gain with little evidence starts so much higher, since gains fall faster than they rise."""
LOST_DB, LOST_FRAMES = 4.5, 50
"""The echo is searched again if the least error is above this for so many frames, as after a change
of volume or to a headset."""
HISTORY_FRAMES = DELAYS + 30
"""The frames before a sound that are used with it (0.6 s), with the audio played before them."""


def _bands() -> npt.NDArray[np.float32]:
    """Return the weights from a power spectrum to bands: [bands, bins]."""
    hz = np.fft.rfftfreq(WINDOW_SAMPLES, 1 / RATE_HZ)
    edges = np.array(EDGES_HZ)
    inside = (hz >= edges[:-1, None]) & (hz < edges[1:, None])
    of_one = inside / inside.sum(axis=1, keepdims=True)
    scaled: npt.NDArray[np.float32] = (of_one * 8 / WINDOW_SAMPLES**2).astype(np.float32)
    return scaled


_WEIGHTS = _bands()
_SHAPE = np.hanning(WINDOW_SAMPLES)


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


class _BothSides:
    """The sounds of both sides since the loudspeaker was last silent; arrays as in `EchoPath`."""

    def __init__(self) -> None:
        self._near, self._far = _Spectrum(), _Spectrum()
        self._tail = np.zeros((len(TAIL_DECAYS), BANDS), np.float32)
        self.played = np.full(SHAPE, _db(np.zeros(1, np.float32))[0], np.float32)
        """The played levels with their tails, at each delay before now."""
        self.fresh = np.zeros(SHAPE, bool)
        """Whether enough of that is new to learn from."""

    def add(self, near: bytes, far: bytes) -> Decibels:
        """Add a frame of both sides; return the levels of the microphone, [bands]."""
        power = self._far.power(far)
        self._tail = np.array(TAIL_DECAYS, np.float32)[:, None] * self._tail + power
        self.played[:, 1:] = self.played[:, :-1]
        self.played[:, 0] = _db(self._tail)
        self.fresh[:, 1:] = self.fresh[:, :-1]
        self.fresh[:, 0] = (power >= FRESH_SHARE * self._tail) & (self.played[:, 0] > PLAYED_DB)
        return _db(self._near.power(near))


class EchoSearch(Enum):
    """Whether the delay of an echo is known."""

    SEARCHES = auto()
    """There is no echo so far."""
    FOUND = auto()


class EchoMove(Enum):
    """The moves between states."""

    FIND = auto()
    LOSE = auto()
    """The prediction has been wrong for LOST_FRAMES."""


SEARCHES, FOUND = EchoSearch

ECHO_MOVES: Mapping[tuple[EchoSearch, EchoMove], EchoSearch] = {
    (SEARCHES, EchoMove.FIND): FOUND,
    (FOUND, EchoMove.LOSE): SEARCHES,
}


class EchoPath:
    """From one client's loudspeaker to its microphone; arrays are [tails, delays, bands]."""

    def __init__(self) -> None:
        self._search = SEARCHES
        self._pending: deque[tuple[bytes, bytes]] = deque(maxlen=HISTORY_FRAMES)
        """The frames of both sides that are not compared yet."""
        self._gain = np.zeros(SHAPE, np.float32)
        self._learnt = np.zeros(SHAPE, np.float32)
        """The number of frames for each gain."""
        self._error = np.zeros(SHAPE[:2], np.float32)
        """The mean error of each delay's prediction, dB."""
        self._searched_frames = 0
        """In SEARCHES: the frames with sound since the search began."""
        self._wrong_frames = 0
        """In FOUND: the latest frames with sound, in a row, in which no delay was right."""
        self._both: _BothSides | None = None
        """None: the loudspeaker was silent, or frames were dropped."""
        self._unknown_frames = 0
        """The frames until the playback at the longest delay is known; more than 0 only after
        frames were dropped."""
        self._noise = np.full(BANDS, 10, np.float32)
        self._excess_db = 0.0
        self._forget()

    @property
    def found(self) -> bool:
        """Whether there is an echo with a known delay."""
        return self._search is FOUND

    def _forget(self) -> None:
        """Forget the gains and errors: the search begins."""
        self._gain[:] = HIGHEST_GAIN_DB
        self._learnt[:] = self._error[:] = 0
        self._searched_frames = self._wrong_frames = 0

    def note(self, near: bytes, far: bytes) -> None:
        """Take a frame of the microphone (640 bytes), and the audio played at the same time."""
        if len(self._pending) == HISTORY_FRAMES:  # the oldest frame is dropped
            self._both = None
            self._unknown_frames = DELAYS
        self._pending.append((near, far))

    def note_silence(self) -> None:
        """Note that the loudspeaker is silent and no echo is left."""
        self._pending.clear()
        self._both = None
        self._unknown_frames = 0
        self._excess_db = 0.0

    def explains(self) -> bool:
        """Tell whether the last frame may be echo only."""
        if self._pending:
            both = self._both = self._both or _BothSides()
            while self._pending:
                self._step(both, *self._pending.popleft())
        return self._excess_db < EXCESS_DB

    def _step(self, both: _BothSides, near: bytes, far: bytes) -> None:
        level = both.add(near, far)
        if self._unknown_frames:
            self._unknown_frames -= 1
            return
        below = level < self._noise
        self._noise += np.where(below, 0.3 * (level - self._noise), 0.05).astype(np.float32)
        floor = self._noise + 3
        level, echo = np.maximum(level, floor), self._gain + both.played
        off = level - echo
        audible = np.maximum(echo, floor)
        active = level > self._noise + ABOVE_NOISE_DB
        likely = self._error <= self._error.min() + AS_LIKELY_DB
        if self.found:  # a delay between two frames, or a moving one
            likely[:, 1:] |= likely[:, :-1].copy()
            likely[:, :-1] |= likely[:, 1:].copy()
        above = level - audible[likely].max(axis=0) - ABOVE_ECHO_DB
        excess = float(np.clip(above, 0, MOST_EXCESS_DB)[active].sum())
        self._excess_db += SMOOTHING * (excess - self._excess_db)
        self._learn(off, both.fresh)
        bands = active | ((audible > floor + ABOVE_NOISE_DB) & both.fresh)
        self._compare(level - audible, bands, sounds=int(active.sum()) >= LEAST_BANDS)

    def _learn(self, off: Decibels, fresh: npt.NDArray[np.bool_]) -> None:
        """Adapt the gains by *off*, the errors of the bands, where the played sound is *fresh*."""
        if not self.found:
            is_young = self._learnt < YOUNG_FRAMES
            rest = np.where(is_young, off / (self._learnt + 1), self._step_of(off))
            self._gain += np.where(fresh, rest, 0).astype(np.float32)
            np.minimum(self._gain, HIGHEST_GAIN_DB, out=self._gain)
            self._learnt += fresh
            return
        for tail, delay in enumerate(self._error.argmin(axis=1)):  # one gain for its delays
            step = self._step_of(off[tail, delay])
            self._gain[tail] = self._gain[tail, delay] + np.where(fresh[tail, delay], step, 0)

    def _step_of(self, off: Decibels) -> Decibels:
        step: Decibels = np.where(off < 0, DOWN_SHARE, UP_SHARE) * np.minimum(off, FAR_OFF_DB)
        if self._excess_db < CALM_EXCESS_DB:
            return step
        if self.found:
            return np.where(off < 0, -AGAINST_VOICE_DB, AGAINST_VOICE_DB)
        return np.where(off < 0, step, AGAINST_VOICE_DB)

    def _compare(self, off: Decibels, bands: npt.NDArray[np.bool_], *, sounds: bool) -> None:
        """Update each delay's error by *off*, in the *bands* with sound."""
        count = bands.sum(axis=2)
        error = (np.minimum(np.abs(off), 12) * bands).sum(axis=2) / np.maximum(count, 1)
        if self.found:
            telling = (count >= LEAST_BANDS) | sounds
            change = FOLLOW_WEIGHT * (error - self._error)
            self._error += np.where(telling, change, 0).astype(np.float32)
            if sounds:
                is_wrong = self._error.min() > LOST_DB
                self._wrong_frames = self._wrong_frames + 1 if is_wrong else 0
                if self._wrong_frames >= LOST_FRAMES:
                    self._search = moved(ECHO_MOVES, self._search, EchoMove.LOSE)
                    self._forget()
        elif sounds:
            self._searched_frames += 1
            self._error += max(0.02, 1 / (self._searched_frames + 3)) * (error - self._error)
            self._find()

    def _find(self) -> None:
        least = self._error.min()
        if self._searched_frames < FOUND_FRAMES or least >= FOUND_DB:
            return
        if least < FOUND_SHARE * np.median(self._error):
            self._search = moved(ECHO_MOVES, self._search, EchoMove.FIND)
            likely = self._error <= least + AS_LIKELY_DB
            for tail in range(len(TAIL_DECAYS)):  # a gain that is too high falls soon
                best = likely[tail] if likely[tail].any() else self._error[tail].argmin()
                self._gain[tail] = self._gain[tail][best].reshape(-1, BANDS).max(axis=0) + MARGIN_DB
