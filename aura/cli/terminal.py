"""Cuts lines to the width of a terminal; in a file or a pipe they stay whole. Pure."""

from rich.cells import cell_len, set_cell_size
from rich.console import Console


def room(console: Console) -> int | None:
    """Return the columns of a line, or None for any length."""
    return console.width if console.is_terminal else None


def cut(text: str, columns: int | None) -> str:
    """Return *text* cut to *columns*, or whole if that is None."""
    if columns is None or cell_len(text) <= columns:
        return text
    return f"{set_cell_size(text, columns - 1)}…" if columns > 0 else ""
