"""When a process that died is started again: pure, with time as an argument."""

from __future__ import annotations

import signal
from dataclasses import dataclass

FIRST_S = 0.2
LONGEST_S = 10.0
OTHERS_S = 4.0
"""While others like it finish what it had in hand: a model that is loaded takes their CPU."""
HEALTHY_S = 30.0
"""A life this long clears the record."""
CONFIG_EXIT = 78
"""EX_CONFIG: the process said what is wrong, and will say the same again."""


@dataclass
class Restarts:
    """The record of one process."""

    failures: int = 0

    def after(self, lived_s: float, *, others: bool = False) -> float:
        """Note a death after *lived_s* seconds and return the seconds until the next start.

        *others*: it was a worker, and others of its stage are there.
        """
        self.failures = 1 if lived_s >= HEALTHY_S else self.failures + 1
        pause_s = min(LONGEST_S, FIRST_S * 2.0 ** min(self.failures - 1, 10))
        return max(pause_s, OTHERS_S) if others else pause_s


def is_hopeless(code: int) -> bool:
    """Tell whether a process that ended with *code* would end the same way again."""
    return code == CONFIG_EXIT


def how(code: int) -> str:
    """Say how a process ended, from its return code."""
    if code < 0:
        try:
            return f"killed by {signal.Signals(-code).name}"
        except ValueError:
            return f"killed by signal {-code}"
    return f"exit code {code}"
