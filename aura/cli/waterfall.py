"""A turn's latencies as bars: where the silence before the response went."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.events import STEPS

WIDTH, NARROWEST = 40, 8
"""Of the bars, columns: a line fits a terminal of 80."""
BARS_AT = 36


def waterfall(steps: Mapping[str, float | None], columns: int | None = None) -> list[str]:
    """Return a line a step, ms after the end of speech, each bar from the step before it.

    Lines have at most *columns*; None: 76.
    """
    there = [(name, steps[key]) for key, name in STEPS.items() if steps.get(key) is not None]
    known = sorted(((name, at) for name, at in there if at is not None), key=lambda one: one[1])
    if not known:
        return []
    width = WIDTH if columns is None else max(NARROWEST, min(WIDTH, columns - BARS_AT))
    scale = width / max(1.0, known[-1][1])
    lines, before = [f"{'end of speech':24} {0:>6} ms"], 0.0
    for name, at in known:
        start, end = round(max(0.0, before) * scale), round(max(0.0, at) * scale)
        bar = " " * min(start, width - 1) + ("█" * (end - start) or "▏")
        lines.append(f"{name:24} {at:>6.0f} ms  {bar}")
        before = at
    return lines


def at_the_client(ms: float) -> str:
    """Return the line of what a client measured itself: its clock is not the edge's."""
    return f"{'heard at this end':24} {ms:>6.0f} ms  from the last sound of the question"
