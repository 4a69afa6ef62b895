"""Applied texts as `aura agents` and `aura tenants` print them: listed, compared, counted."""

# ruff: noqa: PLC0415 - `aura agents --help` must not load rich's tables

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from runtime.printable import printable

if TYPE_CHECKING:
    from rich.table import Table

    from runtime.agents.store import Revision

Labelled = tuple[str, str]
"""A name for a text, and the text."""


def labelled(found: Revision) -> Labelled:
    return str(found), found.text


def difference(before: Labelled, after: Labelled) -> list[str]:
    """Return the lines of a unified diff; none where the two are the same."""
    texts = before[1].splitlines(), after[1].splitlines()
    return list(difflib.unified_diff(*texts, before[0], after[0], lineterm=""))


def changed(before: str, after: str) -> str:
    """Return what a revision changed, in a few words."""
    if not after:
        return "removed"
    if not before:
        return f"{len(after.splitlines())} lines"
    marks = [line[:2] for line in difflib.ndiff(before.splitlines(), after.splitlines())]
    return f"+{marks.count('+ ')} -{marks.count('- ')} lines"


def table_of(rows: Sequence[tuple[Revision, str]], shared: str) -> Table:
    """Return a table of what is applied, each with a line about it.

    *shared* is the tenant of what all share; empty: none belongs to any.
    """
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    whose = ("TENANT",) if shared else ()
    for name in ("NAME", "REVISION", *whose, "APPLIED", "ABOUT"):
        table.add_column(name, overflow="fold")
    for one, about in rows:
        tenant = (one.tenant or shared,) if shared else ()
        cells = (one.name, str(one.number), *tenant, f"{one.time[:19]}Z", about)
        table.add_row(*map(printable, cells))
    return table
