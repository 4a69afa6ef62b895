"""Lines that fit a terminal; in a file or a pipe they stay whole. Pure."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size
from rich.console import Console


def room(console: Console) -> int | None:
    """Return the columns of a line; None: as many as it takes."""
    return console.width if console.is_terminal else None


def cut(text: str, columns: int | None) -> str:
    """Return *text* in *columns*, without its end where it is longer; None: whole."""
    if columns is None or cell_len(text) <= columns:
        return text
    return f"{set_cell_size(text, columns - 1)}…" if columns > 0 else ""
