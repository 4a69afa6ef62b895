"""A stream of text becomes pieces that can be spoken by themselves, the first one soon."""

from __future__ import annotations

import re

_END = re.compile(r"[.!?…]+[\"')\]]*(?=\s)|\n+")
_FIRST_END = re.compile(r"(?<=[a-z])[,;:](?=\s|$)")
"""The first piece ends at a comma and does not wait for what follows: "Sure," is said at once."""
_CLAUSE = re.compile(r"[,;:\u2013\u2014](?=\s)")
_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|vs|etc|No|Inc|Ltd|Co|e\.g|i\.e)|\b[A-Z]|\b\d+)\.$"
)

LONGEST_CHARS = 280
"""Longer than this without an end: cut at a clause or a blank."""


class SentenceCutter:
    """Takes text as it comes and returns what is ready to be spoken."""

    def __init__(self, *, first: bool = True) -> None:
        self._text = ""
        self._first = first

    def feed(self, delta: str) -> list[str]:
        """Return the pieces that *delta* completed, oldest first."""
        self._text += delta
        pieces: list[str] = []
        while (end := self._cut()) is not None:
            piece, self._text = self._text[:end].strip(), self._text[end:].lstrip()
            if piece:
                pieces.append(piece)
                self._first = False
        return pieces

    def flush(self) -> list[str]:
        """Return the rest; the stream is over."""
        rest, self._text = self._text.strip(), ""
        return [rest] if any(c.isalnum() for c in rest) else []

    def _cut(self) -> int | None:
        for match in _END.finditer(self._text):
            if match.group().startswith("\n") or not _ABBREVIATION.search(
                self._text[: match.end()]
            ):
                return match.end()
        if self._first and (first := _FIRST_END.search(self._text)):
            return first.end()
        if len(self._text) > LONGEST_CHARS:
            clauses = [m.end() for m in _CLAUSE.finditer(self._text)]
            return clauses[-1] if clauses else self._text.rfind(" ", 0, LONGEST_CHARS) + 1 or None
        return None
