"""Texts that were applied are listed and compared in a few words."""

from __future__ import annotations

import io

from rich.console import Console

from aura.cli.agent_files.agent_texts import changed, difference, labelled, table_of
from runtime.agents.store import Revision

HOST = Revision("acme", "host", 12, "2026-11-21T10:11:12.345Z", "prompt: one\nlanguage: de")
SHARED = Revision("", "cook", 3, "2026-11-22T10:11:12Z", "prompt: two")


def shown(shared: str) -> list[list[str]]:
    console = Console(file=io.StringIO(), width=200, markup=False)
    about = "says [bold]this[/bold] \x1b[31m"
    console.print(table_of([(HOST, about), (SHARED, "broken: x")], shared))
    assert isinstance(console.file, io.StringIO)
    return [line.split() for line in console.file.getvalue().splitlines()]


def test_equal_texts_have_no_difference_and_others_name_their_revisions() -> None:
    assert difference(labelled(HOST), labelled(HOST)) == []
    lines = difference(labelled(HOST), ("now", "prompt: two\nlanguage: de"))
    assert lines[:2] == [f"--- {HOST}", "+++ now"]
    assert {"-prompt: one", "+prompt: two", " language: de"} <= set(lines)


def test_a_revision_is_told_by_its_lines() -> None:
    assert changed("", "a\nb") == "2 lines"
    assert changed("a\nb", "") == "removed"
    assert changed("a\nb\nc", "a\nB\nc\nd") == "+2 -1 lines"


def test_the_list_has_a_column_of_tenants_where_there_are_tenants() -> None:
    head, host, cook = shown("(all)")
    assert head == ["NAME", "REVISION", "TENANT", "APPLIED", "ABOUT"]
    assert host[:4] == ["host", "12", "acme", "2026-11-21T10:11:12Z"]
    assert cook[:3] == ["cook", "3", "(all)"]
    assert shown("")[0] == ["NAME", "REVISION", "APPLIED", "ABOUT"]


def test_an_applied_text_neither_formats_nor_controls_the_terminal() -> None:
    line = " ".join(shown("(all)")[1])
    assert "[bold]this[/bold]" in line
    assert "\x1b" not in line
