"""The figures of a row, and whether they are within their limits. Pure."""

import statistics
from dataclasses import dataclass
from typing import Any

PING_MS = 100
"""The most by which a bystander's slowest ping may grow during the attack."""
LATE_MS = 100
"""The most by which a piece of its response may be late: players buffer more."""
GROWTH = 0.2
STOLEN = 0.05
"""The share of a second's CPU time above which the host disturbs the measurement: pings that no
attack delayed are late then."""
LOG_KB_PER_S = 200
"""The most that a hundred addresses may store by two short conversations a second each. The bounds
of the log apply to minutes and days (ADR 33), so seconds show the size of a burst. A good call
stores 3."""


@dataclass(frozen=True)
class RowFigures:
    """The figures of a row."""

    name: str
    source: str
    pings_ms: list[float]
    without_ms: list[float]
    """Pings before the attack."""
    late_ms: float
    unanswered: bool
    """No response to the bystander came to its end, in time for more than one."""
    lost: bool
    """The bystander's call was closed."""
    growth: float
    """The growth of the edge's memory: (after - before) / before."""
    cpu: float
    """The edge's CPU, as a share of a core."""
    refused: list[str]
    """Why other callers with a token were refused."""
    log_kb_per_s: float
    recorded: int
    """Messages of recorded audio that were stored."""
    died: list[str]
    """Processes that were restarted."""
    faults: list[str]
    """Unexpected lines of the log."""
    full: list[str]
    """Stages whose strain made the edge refuse new calls."""
    stolen: float
    """The CPU time that the host of this virtual machine gave to others: as a share of all, in the
    worst second."""
    sent: dict[str, Any]

    @property
    def is_disturbed(self) -> bool:
        """Whether the host of this virtual machine disturbed the measurement."""
        return self.stolen > STOLEN

    @property
    def wrong(self) -> list[str]:
        """Return the figures out of their limits, in a few words each; empty: the row is held."""
        faults: list[str] = []
        if self.lost or not self.pings_ms:
            faults.append("bystander lost")
        elif max(self.pings_ms) > max(self.without_ms, default=0.0) + PING_MS:
            faults.append("ping")
        if self.unanswered:
            faults.append("no answer")
        if self.late_ms > LATE_MS:
            faults.append("audio late")
        if self.growth > GROWTH:
            faults.append("memory")
        if self.refused:
            why = sorted({*self.refused, *self.full})
            faults.append(f"others refused ({', '.join(why)})")
        if self.log_kb_per_s > LOG_KB_PER_S:
            faults.append("log")
        if self.recorded:
            faults.append("recorded")
        return [*faults, *(f"{name} died" for name in self.died), *sorted(set(self.faults))]

    def as_json(self) -> dict[str, Any]:
        return {
            "row": self.name,
            "source": self.source,
            "ping_p50_ms": _median(self.pings_ms),
            "ping_max_ms": round(max(self.pings_ms, default=0.0), 1),
            "without_p50_ms": _median(self.without_ms),
            "without_max_ms": round(max(self.without_ms, default=0.0), 1),
            "audio_late_ms": round(self.late_ms),
            "edge_growth_percent": round(100 * self.growth, 1),
            "edge_cpu_percent": round(100 * self.cpu),
            "others_refused": len(self.refused),
            "refused_as": sorted(set(self.refused)),
            "log_kb_per_s": round(self.log_kb_per_s, 1),
            "recorded": self.recorded,
            "stages_full": self.full,
            "stolen_percent": round(100 * self.stolen, 1),
            "wrong": self.wrong,
            "sent": self.sent,
        }


def _median(values: list[float]) -> float:
    return round(statistics.median(values), 1) if values else 0.0


HEAD = (
    f"{'row':46} {'from':8} {'ping p50/max':>15} {'without':>13} {'late':>6} {'memory':>7} "
    f"{'CPU':>5} {'refused':>7} {'log kB/s':>8} {'stolen':>6}  verdict"
)


def line(figures: RowFigures) -> str:
    """Return the line of a table."""
    values = figures.as_json()
    pings = f"{values['ping_p50_ms']:.0f} / {values['ping_max_ms']:.0f} ms"
    without = f"{values['without_p50_ms']:.0f} / {values['without_max_ms']:.0f}"
    return (
        f"{figures.name[:46]:46} {figures.source:8} {pings:>15} {without:>13} "
        f"{values['audio_late_ms']:>6} {values['edge_growth_percent']:>+6.0f}% "
        f"{values['edge_cpu_percent']:>4}% {values['others_refused']:>7} "
        f"{values['log_kb_per_s']:>8.0f} {values['stolen_percent']:>5.1f}%  "
        f"{', '.join(figures.wrong) or 'held'}"
    )
