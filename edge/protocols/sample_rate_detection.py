"""Detects the true sample rate of a page's microphone by the arrival times of its messages.

    SEARCHES, CHECKS --accept--> CHECKS
    CHECKS --confirm--> SURE

A browser's AudioContext runs at 44.1 or 48 kHz by default. The client examples of this protocol use
that default, but declare 16 000 samples a second.

A network can only delay messages. So, at the true rate, the messages (arrival time against samples
sent so far) lie on a line or shortly above it; at any other rate they drift away from the line.
Stalls, flushed backlogs, a late first packet and a suspended context are outliers that count
little.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

import numpy as np
from numpy.typing import NDArray

from runtime.moves import moved

Floats = NDArray[np.float64]

RATES_HZ = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 88_200, 96_000)
USUAL_HZ = (44_100, 48_000)
"""The rates of browsers, used if the evidence is not enough."""
SLOT_MS = 40
"""Messages within this time are one burst, which arrived with its last message."""
MOST_POINTS = 64
"""The most bursts that are kept; more are thinned out, so that a judgement takes less than 1 ms."""
MOST_LINES = 16
"""The number of lines that are tried for each rate."""
DELAYS_MS = np.array([5.0, 15.0, 45.0])
"""Average delays of messages: by cable, by radio, over a bad line."""
EARLY_LIKELIHOOD = 0.25
"""The likelihood of a message before the line, relative to a message after it."""
OUTLIER_SHARE = 0.1
"""The share of outliers, which may arrive at any time."""
SPAN_MS = 3000.0
"""The span in which outliers may arrive."""
USUAL_PENALTY, UNUSUAL_PENALTY = 0.5, 2.0
"""The penalty of rates other than the declared one, in log likelihood."""


def _penalty(rate_hz: int, declared_hz: int) -> float:
    """Return the penalty of a rate, in log likelihood."""
    if rate_hz == declared_hz:
        return 0.0
    return USUAL_PENALTY if rate_hz in USUAL_HZ else UNUSUAL_PENALTY


class Arrivals:
    """The arrivals of samples, and how well each rate explains them."""

    def __init__(self, declared_hz: int) -> None:
        self.rates_hz = sorted({*RATES_HZ, declared_hz})
        self._ms_per_sample = 1000 / np.array(self.rates_hz, float)
        self._against = np.array([_penalty(hz, declared_hz) for hz in self.rates_hz])
        self._points: list[tuple[int, int]] = []
        """(ms, samples so far) at the end of each slot."""
        self._slot_ms = SLOT_MS

    def note(self, samples: int, now_ms: int) -> None:
        """Add a message, after which *samples* have arrived in all."""
        if self._points and now_ms // self._slot_ms == self._points[-1][0] // self._slot_ms:
            self._points.pop()
        self._points.append((now_ms, samples))
        if len(self._points) > MOST_POINTS:
            self._slot_ms *= 2
            self._points = self._points[1::2]

    def __len__(self) -> int:
        """Return the number of bursts."""
        return len(self._points)

    def likely(self) -> Floats:
        """Return the log likelihood of each rate with its best line, [rates]."""
        points = np.array(self._points, float)
        late = points[:, 0] - points[:, 1] * self._ms_per_sample[:, None]  # [rates, points]
        tried = np.linspace(0, len(points) - 1, min(len(points), MOST_LINES)).astype(int)
        lines = np.sort(late, axis=1)[:, tried]
        off = late[:, None, :] - lines[:, :, None]  # [rates, lines, points]
        off = np.where(off < 0, -off / EARLY_LIKELIHOOD, off)
        best = np.full(len(self.rates_hz), -np.inf)
        for delay_ms in DELAYS_MS:
            near = np.exp(-off / delay_ms) * (
                (1 - OUTLIER_SHARE) / (delay_ms * (1 + EARLY_LIKELIHOOD))
            )
            fits = np.log(near + OUTLIER_SHARE / SPAN_MS).sum(axis=2).max(axis=1)
            best = np.maximum(best, fits)
        likely: Floats = best - self._against
        return likely


FEWEST_POINTS = 4
"""The fewest bursts for a judgement."""
FOUND_LEAD = 9.0
"""The lead (log likelihood) over all other rates at which a rate is accepted."""
OTHER_LEAD = 16.0
"""The lead (log likelihood) over the accepted rate at which another rate replaces it."""
SURE_LEAD, SURE_MS = 20.0, 6000
"""The lead and the time after which a rate is final."""
GIVE_UP_MS = 20_000
"""The time after which any rate is final."""
OFTEN_MS, SELDOM_MS = 60, 500
"""The intervals of judgements, before a rate is found and after."""
HOLD_MS = 3000
"""The most live audio that is kept back; then the likeliest rate is accepted."""
MOST_HELD_BYTES = 1_000_000
"""The most audio of any kind that is kept back: 5 s at the highest rate, or 30 s at 16 kHz."""
MOST_REPROCESSED_MS = 6000
"""The most audio that is processed again after a wrong rate."""
MISHEARD_RATIO = 1.15
"""The ratio of a wrong rate to the true one at which speech becomes unintelligible."""


class RatePhase(Enum):
    """How well the rate is known."""

    SEARCHES = auto()
    """It is not known, and the audio is kept back."""
    CHECKS = auto()
    """It is known, and may still be replaced; the last audio is kept, to be processed again."""
    SURE = auto()
    """It is final, and nothing is kept."""


class RateMove(Enum):
    """The moves between phases."""

    ACCEPT = auto()
    """A rate is accepted, the first one or another one."""
    CONFIRM = auto()


SEARCHES, CHECKS, SURE = RatePhase

RATE_MOVES: Mapping[tuple[RatePhase, RateMove], RatePhase] = {
    (SEARCHES, RateMove.ACCEPT): CHECKS,
    (CHECKS, RateMove.ACCEPT): CHECKS,
    (CHECKS, RateMove.CONFIRM): SURE,
}


@dataclass
class SampleRateDetector:
    """Keeps a PCM stream back until its rate is known, and later checks the rate."""

    declared_hz: int
    frame_bytes: int = 2
    """Bytes of a sample of all channels."""
    _phase: RatePhase = SEARCHES
    _rate_hz: int = 0
    """The detected rate; 0 in SEARCHES."""
    _since_ms: int | None = None
    """The time of the first message; None before it."""
    _last_ms: int = 0
    _judge_at_ms: int = 0
    _bytes: int = 0
    _kept: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        self._arrivals = Arrivals(self.declared_hz)

    @property
    def rate_hz(self) -> int | None:
        """The detected rate, or None if it is not known yet."""
        return None if self._phase is SEARCHES else self._rate_hz

    def feed(self, pcm: bytes, now_ms: int) -> tuple[bytes, bool]:
        """Return the audio to process now, and whether the rate was just found or changed.

        Audio that was processed at a rate far from the true one is returned again.
        """
        if self._phase is SURE:
            return pcm, False
        fastest_ms = self._ms(len(pcm), self._arrivals.rates_hz[-1])
        burst = self._since_ms is not None and now_ms - self._last_ms < fastest_ms // 2
        self._since_ms = now_ms if self._since_ms is None else self._since_ms
        self._last_ms = now_ms
        self._bytes += len(pcm)
        self._kept += pcm
        self._arrivals.note(self._bytes // self.frame_bytes, now_ms)
        if burst or now_ms < self._judge_at_ms or len(self._arrivals) < FEWEST_POINTS:
            return self._unjudged(pcm)
        self._judge_at_ms = now_ms + (OFTEN_MS if self._phase is SEARCHES else SELDOM_MS)
        return self._judged(pcm, now_ms - self._since_ms)

    @property
    def keeps_back(self) -> bool:
        return self._phase is SEARCHES and bool(self._kept)

    def give_up(self) -> bytes:
        """Return the audio that is kept back, at the likeliest rate; no more audio comes."""
        few = len(self._arrivals) < FEWEST_POINTS - 1
        best = self._arrivals.rates_hz[int(np.argmax(self._arrivals.likely()))]
        return self.accept(self.declared_hz if few else best)

    def accept(self, rate_hz: int) -> bytes:
        """Take *rate_hz* for the rate, and return the audio that is kept.

        Raises:
            IllegalMoveError: the rate is final.
        """
        self._move(RateMove.ACCEPT)
        self._rate_hz = rate_hz
        heard = bytes(self._kept)
        self._trim()
        return heard

    def _move(self, move: RateMove) -> None:
        self._phase = moved(RATE_MOVES, self._phase, move)

    def _unjudged(self, pcm: bytes) -> tuple[bytes, bool]:
        if self._phase is CHECKS:
            self._trim()
            return pcm, False
        if len(self._kept) < MOST_HELD_BYTES:
            return b"", False
        return self.give_up(), True

    def _judged(self, pcm: bytes, passed_ms: int) -> tuple[bytes, bool]:
        likely = self._arrivals.likely()
        second, first = np.argsort(likely)[-2:]
        best_hz = self._arrivals.rates_hz[first]
        if self._phase is SEARCHES:
            lead = likely[first] - likely[second]
            held_ms = min(passed_ms, self._ms(len(self._kept), best_hz))
            if lead >= FOUND_LEAD or held_ms >= HOLD_MS:
                return self.accept(best_hz), True
            return self._unjudged(pcm)
        taken = likely[self._arrivals.rates_hz.index(self._rate_hz)]
        if best_hz != self._rate_hz and likely[first] - taken >= OTHER_LEAD:
            misheard = max(best_hz / self._rate_hz, self._rate_hz / best_hz) >= MISHEARD_RATIO
            # an incomplete sample stays in the buffer
            new = len(pcm) + (self._bytes - len(pcm)) % self.frame_bytes
            accepted = self.accept(best_hz)
            return accepted if misheard else accepted[-new:], True
        certain = best_hz == self._rate_hz and likely[first] - likely[second] >= SURE_LEAD
        if passed_ms >= GIVE_UP_MS or (certain and passed_ms >= SURE_MS):
            self._move(RateMove.CONFIRM)
            self._kept.clear()
        self._trim()
        return pcm, False

    def _trim(self) -> None:
        """Drop whole samples that will not be processed again."""
        over = len(self._kept) // self.frame_bytes - MOST_REPROCESSED_MS * self._rate_hz // 1000
        if over > 0:
            del self._kept[: over * self.frame_bytes]

    def _ms(self, size: int, rate_hz: int) -> int:
        return size // self.frame_bytes * 1000 // rate_hz
