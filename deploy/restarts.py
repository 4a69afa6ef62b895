"""The delay of the restart of a process that died. Pure."""

from __future__ import annotations

import signal
from dataclasses import dataclass

FIRST_S = 0.2
LONGEST_S = 5.0
"""Between two starts of a process that keeps dying."""
OTHERS_S = 4.0
"""Delay if others take over its jobs: loading a model would take their CPU."""
CONFIG_EXIT = 78
"""EX_CONFIG: the settings are wrong, so a restart would not help."""


@dataclass
class Restarts:
    """The record of a process."""

    failures: int = 0

    def after(self, lived_s: float, *, others: bool = False) -> float:
        """Note a death after *lived_s* seconds; return the seconds until the next start.

        What grows is the time between two starts, of which the life is a part: a process that
        worked for LONGEST_S starts at once, and its record is clear.

        *others*: other workers of its stage run.
        """
        self.failures = 1 if lived_s >= LONGEST_S else self.failures + 1
        between_s = min(LONGEST_S, FIRST_S * 2.0 ** min(self.failures - 1, 10))
        pause_s = max(FIRST_S, between_s - lived_s)
        return max(pause_s, OTHERS_S) if others else pause_s


def is_hopeless(code: int) -> bool:
    """Tell whether a process that ended with *code* would end so again."""
    return code == CONFIG_EXIT


def how(code: int) -> str:
    """Return the end of a process in words, from its return code."""
    if code < 0:
        try:
            return f"killed by {signal.Signals(-code).name}"
        except ValueError:
            return f"killed by signal {-code}"
    return f"exit code {code}"
