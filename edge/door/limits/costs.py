"""The amounts that one connection may cost its edge, at once and a second. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from edge.door.limits.allowance import Allowance

AT_ONCE_S = 20.0
"""The seconds of frames that may come at once: a network may have stalled."""
BYTES_PER_SECOND, BYTES_AT_ONCE = 1_500_000, 16 * 1024 * 1024
"""96 kHz stereo of 32 bit is 768 kB/s; two of the longest messages may come at once."""
WORK_PER_SECOND, WORK_AT_ONCE_S = 0.1, 3.0
"""Seconds of the event loop; a minute of audio takes one, with a model of speech."""
TURNS_PER_SECOND, TURNS_AT_ONCE = 1.0, 10.0
"""Typed turns; each is a job of the language model."""
AUDIO_PACE = 2.0
"""The pace of reading, seconds of audio a second, once the amount at once is used up."""
AHEAD_AUDIO_S = 4.0
"""Audio up to this much ahead still counts as live: a bad line delivers late audio at once."""
AHEAD_SHARE_OF_WORK = 0.05
"""The share of WORK_AT_ONCE_S above which a connection is ahead of live speech."""
BURST_FRAMES, BURST_BYTES, BURST_WORK_S, BURST_AUDIO_S = 100, 256 * 1024, 0.03, 2.5
"""The amounts at once above which a connection bursts: its work then waits in the work queue."""
REFUSAL_WORK_S = 0.05
"""The work of a refused session, in effect: two a second, sixty at once."""
CHECK_FRAMES, CHECK_BYTES, CHECK_WORK_S, CHECK_AUDIO_S = 50, 64 * 1024, 0.005, 1.0
"""The amounts that a live connection may spend before the next check."""


@dataclass(frozen=True)
class Costs:
    """The bounds that an operator sets."""

    frames_per_second: int = 200
    """WebSocket frames of all kinds."""
    audio_at_once_s: float = 60.0


class Allowances(NamedTuple):
    """The allowances of one connection."""

    frames: Allowance
    bytes: Allowance
    work: Allowance
    audio: Allowance
    turns: Allowance

    @classmethod
    def of(cls, costs: Costs, now_s: float) -> Allowances:
        rate, at_once_s = costs.frames_per_second, costs.audio_at_once_s
        too_many = f"more than {rate} WebSocket frames a second"
        too_fast = f"sound faster than it is spoken: more than {at_once_s:g} s at once"
        more_bytes, more_work = "more bytes than live audio has", "more work than a live call makes"
        more_turns, ahead = "more typed turns than anybody reads", AHEAD_AUDIO_S / at_once_s
        return cls(
            Allowance(rate * AT_ONCE_S, rate, now_s, too_many, burst=BURST_FRAMES),
            Allowance(BYTES_AT_ONCE, BYTES_PER_SECOND, now_s, more_bytes, burst=BURST_BYTES),
            Allowance(
                WORK_AT_ONCE_S, WORK_PER_SECOND, now_s, more_work, AHEAD_SHARE_OF_WORK, BURST_WORK_S
            ),
            Allowance(at_once_s, AUDIO_PACE, now_s, too_fast, ahead, BURST_AUDIO_S),
            Allowance(TURNS_AT_ONCE, TURNS_PER_SECOND, now_s, more_turns),
        )

    @property
    def refill_s(self) -> float:
        """The seconds from the last use until all allowances but turns are full."""
        return max(
            self.frames.refill_s, self.bytes.refill_s, self.work.refill_s, self.audio.refill_s
        )

    def spend(self, frames: int, size: int, work_s: float, audio_s: float, now_s: float) -> float:
        """Charge all but turns; return the seconds until the debt is paid, 0 without one.

        Raises:
            OverBudgetError: a debt is too large, or there has been one for too long.
        """
        return max(
            self.frames.spend(frames, now_s),
            self.bytes.spend(size, now_s),
            self.work.spend(work_s, now_s),
            self.audio.spend(audio_s, now_s),
        )
