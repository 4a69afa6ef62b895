"""The numbers of the last hour, counted from events: waits, speculation, errors. Pure."""

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from schemas import events as ev
from schemas.subjects import is_replay

HOUR_MS = 3_600_000
MOST_KEPT_ENTRIES = 20_000
"""The most turns, and the most errors; the oldest are forgotten first."""
MOST_DOTS = 1000
MOST_LISTED_ROWS = 10
PERCENTILES = (50, 95, 99)


class _Turn(NamedTuple):
    at_ms: int
    session: str
    measured: ev.TurnMeasured


class _Fault(NamedTuple):
    at_ms: int
    session: str
    told: bool
    """Whether a caller was told of it; else a job was given up."""
    stage: str
    reason: str


class LastHour:
    """Remembers the turns and faults of an hour; replays do not count."""

    def __init__(self) -> None:
        self.since_ms = 0
        """Unix ms from which on all events were read, or 0 before that."""
        self.changes = 0
        """Counts all turns and faults; it tells whether the numbers have changed."""
        self._turns: deque[_Turn] = deque(maxlen=MOST_KEPT_ENTRIES)
        self._faults: deque[_Fault] = deque(maxlen=MOST_KEPT_ENTRIES)
        self._begun: deque[int] = deque(maxlen=MOST_KEPT_ENTRIES)
        self._tools: deque[tuple[int, str]] = deque(maxlen=MOST_KEPT_ENTRIES)

    def count(self, event: ev.AnyEvent) -> None:
        """Count *event*; events of different kinds may arrive in any order."""
        if is_replay(event.session):
            return
        at_ms, session = event.at_ms, event.session
        match event:
            case ev.TurnMeasured():
                self._turns.append(_Turn(at_ms, session, event))
            case ev.TroubleTold():
                self._faults.append(_Fault(at_ms, session, True, event.stage, event.reason))
            case ev.JobFailed():
                self._faults.append(_Fault(at_ms, session, False, event.stage, event.reason))
            case ev.SessionStarted():
                self._begun.append(at_ms)
            case ev.ToolFailed():
                self._tools.append((at_ms, session))
            case _:
                return
        self.changes += 1

    def summary(self, now_ms: int) -> dict[str, Any]:
        """Return the numbers of the hour before *now_ms* (Unix ms)."""
        from_ms = now_ms - HOUR_MS
        turns = [turn for turn in self._turns if turn.at_ms >= from_ms]
        faults = [fault for fault in self._faults if fault.at_ms >= from_ms]
        waited = [turn for turn in turns if turn.measured.first_sent_ms is not None]
        made = sum(turn.measured.speculations for turn in turns)
        wrong = sum(turn.measured.retracted for turn in turns)
        told_faults = [fault for fault in faults if fault.told]
        return {
            "from_ms": max(from_ms, self.since_ms),
            "begun": sum(at_ms >= from_ms for at_ms in self._begun),
            "turns": len(turns),
            "calls": len({turn.session for turn in turns}),
            "interrupted": sum(turn.measured.interrupted for turn in turns),
            "wait_ms": percentiles([_wait(turn) for turn in waited]),
            "steps": _steps(turns),
            "speculations": {"made": made, "right": made - wrong, "wrong": wrong},
            "slowest": [
                {"session": turn.session, "turn": turn.measured.turn, "wait_ms": round(_wait(turn))}
                for turn in sorted(waited, key=_wait, reverse=True)[:MOST_LISTED_ROWS]
            ],
            "dots": _sampled_waits(waited),
            "dots_every": _every(waited),
            "errors": len(told_faults),
            "failed_calls": len({fault.session for fault in told_faults}),
            "given_up": len(faults) - len(told_faults),
            "faults": _grouped(faults),
            "tools_failed": sum(at_ms >= from_ms for at_ms, _ in self._tools),
        }


def percentiles(values: Iterable[float]) -> dict[str, int] | None:
    """Return p50, p95 and p99 of *values* by the nearest rank, or None without values."""
    ranked = sorted(values)
    if not ranked:
        return None
    last = len(ranked) - 1
    return {
        f"p{share}": round(ranked[min(last, max(0, -(-share * len(ranked) // 100) - 1))])
        for share in PERCENTILES
    }


def _wait(turn: _Turn) -> float:
    return turn.measured.first_sent_ms or 0.0


def _steps(turns: Sequence[_Turn]) -> list[dict[str, Any]]:
    """Return each measured step of a turn with its percentiles in ms."""
    steps = []
    for field, name in ev.WATERFALL.items():
        values = [ms for turn in turns if (ms := getattr(turn.measured, field)) is not None]
        if spread := percentiles(max(0.0, ms) for ms in values):
            steps.append({"step": name, **spread})
    return steps


def _sampled_waits(waited: Sequence[_Turn]) -> list[tuple[int, int, str, int]]:
    """Return time, wait, call and turn of a sample of the waits, and of the slowest."""
    slowest = sorted(waited, key=_wait, reverse=True)[:MOST_LISTED_ROWS]
    chosen = sorted(
        {*waited[:: _every(waited)], *slowest}, key=lambda turn: (turn.at_ms, turn.measured.turn)
    )
    return [(turn.at_ms, round(_wait(turn)), turn.session, turn.measured.turn) for turn in chosen]


def _every(waited: Sequence[_Turn]) -> int:
    """Return n, so that one of n waits is drawn."""
    return -(-len(waited) // MOST_DOTS) or 1


def _grouped(faults: Sequence[_Fault]) -> list[dict[str, Any]]:
    """Return stage, reason, count and newest call of the faults, most frequent first."""
    counted = Counter((fault.told, fault.stage, fault.reason) for fault in faults)
    newest = {(fault.told, fault.stage, fault.reason): fault for fault in faults}
    return [
        {
            "told": told,
            "stage": stage,
            "reason": reason,
            "count": count,
            "session": newest[told, stage, reason].session,
        }
        for (told, stage, reason), count in counted.most_common(MOST_LISTED_ROWS)
    ]
