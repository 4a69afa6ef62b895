"""The delay of the restart of a process that died. Pure."""

import signal
from dataclasses import dataclass

FIRST_S = 0.2
LONGEST_S = 5.0
"""The longest time between two starts of a process that keeps dying."""
OTHERS_S = 4.0
"""The delay if other workers take over its jobs, since loading a model takes CPU from them."""
CONFIG_EXIT = 78
"""The exit code EX_CONFIG: the settings are wrong, so a restart would not help."""


@dataclass
class Restarts:
    """The record of a process's deaths."""

    failures: int = 0

    def after(self, lived_s: float, *, others: bool = False) -> float:
        """Note a death after *lived_s* seconds; return the seconds until the next start.

        The time between two starts grows, and includes the life of the process. A process that
        lived for LONGEST_S starts at once, and its record is cleared.

        *others*: whether other workers of its stage run.
        """
        self.failures = 1 if lived_s >= LONGEST_S else self.failures + 1
        between_s = min(LONGEST_S, FIRST_S * 2.0 ** min(self.failures - 1, 10))
        pause_s = max(FIRST_S, between_s - lived_s)
        return max(pause_s, OTHERS_S) if others else pause_s


def is_hopeless(code: int) -> bool:
    """Tell whether a process that ended with *code* would fail again."""
    return code == CONFIG_EXIT


def how(code: int) -> str:
    """Describe the end of a process by its return code."""
    if code < 0:
        try:
            return f"killed by {signal.Signals(-code).name}"
        except ValueError:
            return f"killed by signal {-code}"
    return f"exit code {code}"
