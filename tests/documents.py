"""What README and docs tell a reader to type: command lines, settings, requests, and snippets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROGRAMS = {
    *("aura", "make", "python", ".venv/bin/python", ".venv/bin/aura", ".ci/run"),
    *("npm", "node", "pip", "cyclonedx-py", "curl", "export"),
}
SHELLS = frozenset({"sh", "bash", "console"})
ASSIGNED = re.compile(r"[A-Z][A-Z0-9_]*=(\S*)(\s+|$)")


@dataclass(frozen=True)
class Line:
    """One line that is to be typed."""

    page: str
    number: int
    text: str

    @property
    def program(self) -> str:
        """Its program, whatever variables are set before it; empty: they are all there is."""
        rest = self.text
        while found := ASSIGNED.match(rest):
            rest = rest[found.end() :]
        return rest.split(maxsplit=1)[0] if rest else ""

    def __str__(self) -> str:
        return f"{self.page}:{self.number}: {self.text}"


@dataclass(frozen=True)
class Block:
    """A fenced block."""

    page: str
    number: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.number} {self.language}"


@cache
def pages() -> tuple[Path, ...]:
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *ROOT.glob("*/README.md")]
    found += [*(ROOT / "examples").rglob("*.md"), *(ROOT / "clients").rglob("README.md")]
    return tuple(
        sorted(
            {one for one in found if one.name != "CHANGELOG.md" and "node_modules" not in one.parts}
        )
    )


def blocks() -> Iterator[Block]:
    """Yield the fenced blocks of all pages."""
    for page in pages():
        text = page.read_text(encoding="utf-8")
        for found in re.finditer(r"^```(\w+)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
            number = text[: found.start()].count("\n") + 1
            yield Block(_name(page), number, found[1], found[2])


def lines() -> Iterator[Line]:
    """Yield the lines of indented blocks and of a shell's fenced ones, without comments."""
    for page in pages():
        before, fence = "", ""
        text = re.sub(r"\\\n\s*", "", page.read_text(encoding="utf-8"))
        for number, line in enumerate(text.splitlines(), start=1):
            if line.startswith("```"):
                fence = "" if fence else line[3:] or "text"
                continue
            typed = line.startswith("    ") and line[4:5].strip() if not fence else fence in SHELLS
            listed = re.match(r"\s*([-*]|\d+\.)\s", before) and not fence
            if typed and not listed:
                yield Line(_name(page), number, re.sub(r"(^|\s+)# .*$", "", line.strip()))
            else:
                before = line if line.strip() else before


def commands() -> list[Line]:
    """Return the lines that start a program."""
    return [one for one in lines() if one.program in PROGRAMS]


def settings() -> list[Line]:
    """Return the lines that set variables and nothing else, as in `.env`."""
    return [one for one in lines() if one.text and not one.program]


def requests() -> list[Line]:
    """Return the lines that are HTTP requests: `POST /path {"body": ...}`."""
    return [one for one in lines() if one.program in {"GET", "POST", "PUT", "DELETE"}]


def inline_commands() -> Iterator[Line]:
    """Yield what stands as `aura ...` within sentences and tables."""
    for page in pages():
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
            if line.startswith("    "):
                continue
            for found in re.finditer(r"`(aura [a-z]+[^`]*)`", line):
                yield Line(_name(page), number, found[1].replace("\\|", "|"))


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))
