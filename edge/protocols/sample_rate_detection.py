"""The true rate of a page's microphone: read from its pace, for many pages name another.

A browser's AudioContext runs at 44.1 or 48 kHz unless a page asks otherwise; the client examples
of this protocol do not ask, and send its samples as if there were 16 000 a second.
"""

from __future__ import annotations

from dataclasses import dataclass, field

USUAL_HZ = (44_100, 48_000)
TOLERANCE = 0.12
LISTEN_MS = 600
"""Until then sound is kept back; then its rate is known well enough to tell 16 from 44.1 kHz."""
SURE_MS = 4000
"""Until then 44.1 and 48 kHz may still be taken for one another."""
FEWEST_CHUNKS = 5


@dataclass
class SampleRateDetector:
    """Counts samples against the clock; s16le mono."""

    told_hz: int
    rate_hz: int | None = None
    """None: not known yet."""
    _since_ms: int | None = None
    _samples: int = 0
    _chunks: int = 0
    _kept: list[bytes] = field(default_factory=list)

    def take(self, pcm: bytes, now_ms: int) -> tuple[bytes, bool]:
        """Return what may be heard now, and whether the rate has just been found (anew)."""
        if self._since_ms is None:
            self._since_ms = now_ms  # the first chunk was recorded before the clock started
        else:
            self._samples += len(pcm) // 2
            self._chunks += 1
        passed_ms = now_ms - self._since_ms
        if self.rate_hz is not None:
            found = self._usual(passed_ms) if self.rate_hz != self.told_hz else self.rate_hz
            changed = passed_ms < SURE_MS and found not in {self.rate_hz, self.told_hz}
            self.rate_hz = found if changed else self.rate_hz
            return pcm, changed
        self._kept.append(pcm)
        if passed_ms < LISTEN_MS or self._chunks < FEWEST_CHUNKS:
            return b"", False
        self.rate_hz = self._usual(passed_ms)
        kept, self._kept = b"".join(self._kept), []
        return kept, True

    def _usual(self, passed_ms: int) -> int:
        """Return the usual rate nearest to the pace so far, the told one where none is near."""
        pace_hz = self._samples * 1000 / max(1, passed_ms)
        nearest = min(USUAL_HZ, key=lambda hz: abs(hz - pace_hz))
        return nearest if abs(pace_hz / nearest - 1) <= TOLERANCE else self.told_hz
