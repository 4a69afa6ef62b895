"""Limits of a connection's and a call's length, and of their idle time. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from runtime.settings import Settings
from schemas.session_config import CallLimits


@dataclass(frozen=True)
class TimeLimits:
    """Limits in seconds; 0: no limit."""

    call_s: float
    """The longest call."""
    idle_s: float
    """The longest time of a call without a word."""
    socket_s: float
    """The longest time of a connection without a call."""

    @staticmethod
    def of(settings: Settings) -> TimeLimits:
        return TimeLimits(settings.max_call_s, settings.max_call_idle_s, settings.max_socket_idle_s)

    def tightened(self, of: CallLimits) -> TimeLimits:
        """Return the limits of a call whose agent has the limits *of*: the shorter ones."""
        return replace(
            self, call_s=_shorter(self.call_s, of.call_s), idle_s=_shorter(self.idle_s, of.idle_s)
        )


def _shorter(one_s: float, other_s: float) -> float:
    """Return the shorter time; 0 is no limit."""
    return min(one_s, other_s) if one_s and other_s else one_s or other_s


@dataclass(frozen=True)
class TimeUp:
    """A reached limit, as the client is told."""

    code: str
    message: str
    details: str
    """A format with a field for the seconds of the limit."""


SOCKET_IDLE = TimeUp("SOCKET_IDLE", "Idle", "no session for {:g} s")
CALL_TOO_LONG = TimeUp("CALL_TOO_LONG", "Call ended", "it lasted {:g} s, the limit")
CALL_IDLE = TimeUp("CALL_IDLE", "Call ended", "nobody spoke for {:g} s")


class Stopwatch:
    """The time of a connection and its call, against their limits."""

    def __init__(self, limits: TimeLimits, now_s: float) -> None:
        self._operators = self._limits = limits
        self._began_s: float | None = None
        """The start of the call if it had only this connection; None: there is no call."""
        self._active_s = now_s

    def began(self, now_s: float, limits: CallLimits, *, earlier_s: float = 0) -> None:
        """Note that a call begins or is resumed, with the *limits* of its agent.

        *earlier_s*: the duration of its earlier connections.
        """
        self._began_s, self._active_s = now_s - earlier_s, now_s
        self.limit(limits)

    def limit(self, limits: CallLimits) -> None:
        """Apply *limits* where they are tighter than the operator's."""
        self._limits = self._operators.tightened(limits)

    def active(self, now_s: float) -> None:
        """Note a word of either side."""
        self._active_s = now_s

    def ended(self, now_s: float) -> None:
        """Note that the call is over, if there was one."""
        if self._began_s is not None:
            self._began_s, self._active_s = None, now_s

    def up(self, now_s: float) -> TimeUp | None:
        """Return the limit that is reached, or None."""
        due_s, lasts_s, up = self._first()
        return replace(up, details=up.details.format(lasts_s)) if now_s >= due_s else None

    def left_s(self, now_s: float) -> float:
        """Return the seconds until a limit may be reached; infinite: none is set."""
        return max(0.0, self._first()[0] - now_s)

    def _first(self) -> tuple[float, float, TimeUp]:
        """Return the next limit: its due time, its length, and its name."""
        limits = self._limits
        if self._began_s is None:
            return _due_s(self._active_s, limits.socket_s), limits.socket_s, SOCKET_IDLE
        too_long_s, idle_s = (
            _due_s(self._began_s, limits.call_s),
            _due_s(self._active_s, limits.idle_s),
        )
        if too_long_s <= idle_s:
            return too_long_s, limits.call_s, CALL_TOO_LONG
        return idle_s, limits.idle_s, CALL_IDLE


def _due_s(since_s: float, lasts_s: float) -> float:
    return since_s + lasts_s if lasts_s else math.inf
