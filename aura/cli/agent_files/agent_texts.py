"""Output of `aura agents` and `aura tenants`: lists, comparisons and histories of applied texts."""

import difflib
from collections.abc import Sequence

from rich.table import Table

from runtime.agents.store import Revision
from runtime.text.printable import printable

Labelled = tuple[str, str]
"""A label for a text, and the text."""


def labelled(revision: Revision) -> Labelled:
    return str(revision), revision.text


def difference(before: Labelled, after: Labelled) -> list[str]:
    """Return the lines of a unified diff, none if the two texts are equal."""
    texts = before[1].splitlines(), after[1].splitlines()
    return list(difflib.unified_diff(*texts, before[0], after[0], lineterm=""))


def changed(before: str, after: str) -> str:
    """Return a summary of a revision's changes in a few words."""
    if not after:
        return "removed"
    if not before:
        return f"{len(after.splitlines())} lines"
    marks = [line[:2] for line in difflib.ndiff(before.splitlines(), after.splitlines())]
    return f"+{marks.count('+ ')} -{marks.count('- ')} lines"


def table_of(rows: Sequence[tuple[Revision, str]], shared: str) -> Table:
    """Return a table of the applied texts, with one line about each.

    *shared* is the tenant name shown for shared texts; empty if the kind has no tenants.
    """
    table = Table(box=None, pad_edge=False, header_style="dim")
    tenant_heading = ("TENANT",) if shared else ()
    for name in ("NAME", "REVISION", *tenant_heading, "APPLIED", "ABOUT"):
        table.add_column(name, overflow="fold")
    for revision, about in rows:
        tenant = (revision.tenant or shared,) if shared else ()
        cells = (revision.name, str(revision.number), *tenant, f"{revision.time[:19]}Z", about)
        table.add_row(*map(printable, cells))
    return table
