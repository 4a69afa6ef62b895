"""A stream of text becomes pieces that can be spoken by themselves, the first one soon."""

from __future__ import annotations

import re
from typing import Final

MARKS: Final = r"[.!?…؟۔।]+[\"')\]”’»]*(?=\s)|[。！？｡]+[」』）”’\"')]*"  # noqa: RUF001  # marks of other scripts
"""The end of a sentence, most likely. Marks of Chinese and Japanese end it without a blank."""
_END: Final = re.compile(rf"{MARKS}|\n+")
_FIRST_END: Final = re.compile(r"(?<=[a-z])(?:[,;](?=\s|$)|:(?=\s))")
"""The first piece ends at a comma and does not wait for what follows: "Sure," is said at once."""
_CLAUSE: Final = re.compile(r"[,;:\u2013\u2014](?=\s)|[、，；：]")  # noqa: RUF001  # the same
_NEVER: Final = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Mx|Dr|Prof|St|Sr|Sra|Dra|Jr|Mt|Ft|Gen|Col|Capt|Lt|Sgt|Rev|Hon|Gov|Sen|Rep"
    r"|Fig|Eq|Vol|vs|approx|ca|cf|resp|al|e\.g|i\.e|z\. ?B|d\. ?h|u\. ?a|bzw|Nr|Hr|Fr"
    r"|p\. ?ej|p\. ?ex|bijv|d\.w\.z|Mme|Mlle|Sig|Dott|Ud|Uds)|(?<!\w)[A-ZÀ-ÖØ-Þ]"
    r"|(?:\b[A-Z]\.)+[A-Z])\.$"
)
"""Abbreviations that stand before a word: no sentence ends with them."""
_BEFORE_NUMBER: Final = re.compile(
    r"\b(?:No|Nos|pp?|art|Art|§|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|núm)\.$"
)
_UNLESS_CAPITAL: Final = re.compile(
    r"(?:\b(?:etc|Inc|Ltd|Co|Corp|Ave|Blvd|Rd|min|max|usw|ecc|enz|a\.m|p\.m|A\.M|P\.M|Ph\.D"
    r"|Mon|Tue|Tues|Wed|Thu|Thurs|Fri|no|núm|tel|Tel)|(?<!\.)\.\.|…)[.…]?$"
)
"""A sentence ends with them where the next word begins one."""
_OF_A_TIME: Final = re.compile(r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day$|[A-Z]{2,4}$")
"""What goes on after "8 a.m.": a day, or the zone."""
_ORDINAL: Final = re.compile(r"(?:^|\s)\d{1,2}\.$")
"""The number of a list, or a day as in "5. Mai"; a year ends a sentence."""
_OPEN_TAG: Final = re.compile(r"</?[a-zA-Z][\w:-]*(?:\s+[\w:-]+\s*=[^<>]{0,200}|[\s/]*)$")
_OPEN_LINK: Final = re.compile(r"\]\([^)\s]{0,200}$")

LONGEST_CHARS = 280
"""Longer than this without an end: cut at a clause or a blank."""


def ends(before: str, after: str) -> bool | None:
    """Return whether a sentence ends between *before*, which has its mark, and *after*.

    None: that depends on the next word, which is not known yet.
    """
    if _NEVER.search(before) or _ORDINAL.search(before) or _OPEN_TAG.search(before):
        return False
    following = after.lstrip().lstrip("\"'(\u201c\u2018«[*_")
    if _BEFORE_NUMBER.search(before):
        return not following[0].isdigit() if following else None
    if not _UNLESS_CAPITAL.search(before):
        return True
    if following and (following[0].islower() or following[0].isdigit()):
        return False
    word = re.match(r"\w+\b(?=\W)", following)
    return not _OF_A_TIME.match(word[0]) if word else None


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
            before, after = self._text[: match.end()], self._text[match.end() :]
            if match.group().startswith("\n"):
                return match.end()
            if (over := ends(before, after)) is None and len(self._text) <= LONGEST_CHARS:
                return None
            if over:
                return match.end()
        if self._first:
            for first in _FIRST_END.finditer(self._text):
                if not _OPEN_TAG.search(head := self._text[: first.end()]) and not (
                    _OPEN_LINK.search(head)
                ):
                    return first.end()
        if len(self._text) > LONGEST_CHARS:
            clauses = [m.end() for m in _CLAUSE.finditer(self._text)]
            if at := clauses[-1] if clauses else self._text.rfind(" ", 0, LONGEST_CHARS) + 1:
                return at
            return LONGEST_CHARS if len(self._text) > 2 * LONGEST_CHARS else None
        return None
