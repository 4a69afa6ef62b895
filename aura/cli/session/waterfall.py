"""A turn's latencies as bars, which show the parts of the silence before the response."""

from collections.abc import Mapping

from schemas.events import WATERFALL

BAR_COLUMNS, LEAST_BAR_COLUMNS = 40, 8
"""The columns of the bars, so that a line fits 80 columns."""
WATERFALL_COLUMN = 36


def waterfall(times_ms: Mapping[str, float | None], columns: int | None = None) -> list[str]:
    """Return one line for each time, ms after the end of speech: a bar from the previous time.

    Lines have at most *columns*, or 76 if that is None.
    """
    measured = [
        (name, times_ms[key]) for key, name in WATERFALL.items() if times_ms.get(key) is not None
    ]
    known = sorted(
        ((name, at) for name, at in measured if at is not None), key=lambda pair: pair[1]
    )
    if not known:
        return []
    room = BAR_COLUMNS if columns is None else columns - WATERFALL_COLUMN
    width = max(LEAST_BAR_COLUMNS, min(BAR_COLUMNS, room))
    scale = width / max(1.0, known[-1][1])
    lines, before = [f"{'end of speech':24} {0:>6} ms"], 0.0
    for name, at in known:
        start, end = round(max(0.0, before) * scale), round(max(0.0, at) * scale)
        bar = " " * min(start, width - 1) + ("█" * (end - start) or "▏")
        lines.append(f"{name:24} {at:>6.0f} ms  {bar}")
        before = at
    return lines


def at_the_client(ms: float) -> str:
    """Return the line with the client's own measurement, by the client's clock."""
    return f"{'heard at this end':24} {ms:>6.0f} ms  from the last sound of the question"
