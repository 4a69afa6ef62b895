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

    def tightened(self, limits: CallLimits) -> TimeLimits:
        """Return the limits of a call whose agent has *limits*: the shorter ones."""
        call_s, idle_s = _shorter(self.call_s, limits.call_s), _shorter(self.idle_s, limits.idle_s)
        return replace(self, call_s=call_s, idle_s=idle_s)


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
    """The time of a connection and its call, against their limits; times are Unix ms."""

    def __init__(self, limits: TimeLimits, now_ms: int) -> None:
        self._operators = self._limits = limits
        self._began_ms: int | None = None
        """The start of the call if it had only this connection; None: there is no call."""
        self._active_ms = now_ms

    def began(self, now_ms: int, limits: CallLimits, *, earlier_ms: int = 0) -> None:
        """Note that a call begins or is resumed, with the *limits* of its agent.

        *earlier_ms*: the duration of its earlier connections.
        """
        self._began_ms, self._active_ms = now_ms - earlier_ms, now_ms
        self.limit(limits)

    def limit(self, limits: CallLimits) -> None:
        """Apply *limits* where they are tighter than the operator's."""
        self._limits = self._operators.tightened(limits)

    def active(self, now_ms: int) -> None:
        """Note a word of either side."""
        self._active_ms = now_ms

    def ended(self, now_ms: int) -> None:
        """Note that the call is over, if there was one."""
        if self._began_ms is not None:
            self._began_ms, self._active_ms = None, now_ms

    def up(self, now_ms: int) -> TimeUp | None:
        """Return the limit that is reached, or None."""
        due_ms, lasts_s, up = self._first()
        return replace(up, details=up.details.format(lasts_s)) if now_ms >= due_ms else None

    def left_s(self, now_ms: int) -> float:
        """Return the seconds until a limit may be reached; infinite: none is set."""
        return max(0.0, (self._first()[0] - now_ms) / 1000)

    def _first(self) -> tuple[float, float, TimeUp]:
        """Return the next limit: its due time, its length, and its name."""
        limits = self._limits
        if self._began_ms is None:
            return _due_ms(self._active_ms, limits.socket_s), limits.socket_s, SOCKET_IDLE
        too_long_ms = _due_ms(self._began_ms, limits.call_s)
        idle_ms = _due_ms(self._active_ms, limits.idle_s)
        if too_long_ms <= idle_ms:
            return too_long_ms, limits.call_s, CALL_TOO_LONG
        return idle_ms, limits.idle_s, CALL_IDLE


def _due_ms(since_ms: int, lasts_s: float) -> float:
    return since_ms + lasts_s * 1000 if lasts_s else math.inf
