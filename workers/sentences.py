"""Cuts a stream of text into pieces that can be spoken alone, the first one early.

`sentencex`, which knows the abbreviations of some 300 languages, decides whether a dot ends a
sentence. This module handles the rest: the next word may be missing, each piece is spoken alone,
and a number stays with its unit.
"""

import re
from typing import Final

import sentencex

from schemas.languages import without_region

# ruff: noqa: RUF001 - marks of other scripts are the subject

_SPACED: Final = r"[.!?…؟۔।॥։።፧។៕]+[\"')\]”’“»]*(?:[\s\u202f]»)?(?=\s)"
_UNSPACED: Final = r"[。！？｡။]+[」』）》】”’\"')]*(?=[^。！？｡။」』）》】”’\"')])"
_MIXED: Final = r"[!?]+(?=[\u3040-\u30ff\u4e00-\u9fff])"
MARKS: Final = f"{_SPACED}|{_UNSPACED}|{_MIXED}"
"""The probable end of a sentence. In scripts without blanks it ends before the next letter."""
_END: Final = re.compile(rf"{MARKS}|\n+")
_FIRST_END: Final = re.compile(r"(?<=[a-z\u00c0-\uffff])(?:[,;،؛](?=\s|$)|:(?=\s)|[，、；：](?=.))")
"""The first piece ends at a comma, so that "Sure," is spoken at once."""
_CLAUSE: Final = re.compile(r"[,;:،؛\u2013\u2014](?=\s)|[、，；：]")
_NEVER: Final = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Mx|Dr|Prof|St|Sr|Sra|Dra|Jr|Mt|Ft|Gen|Col|Capt|Lt|Sgt|Rev|Hon|Gov|Sen|Rep"
    r"|Fig|Eq|Vol|vs|approx|ca|cf|resp|al|e\.g|i\.e|z\. ?B|d\. ?h|u\. ?a|bzw|Nr|Hr|Fr"
    r"|p\. ?ej|p\. ?ex|bijv|d\.w\.z|Mme|Mlle|Sig|Dott|Ud|Uds)|(?<!\w)[A-ZÀ-ÖØ-Þ]"
    r"|(?:\b[A-Z]\.)+[A-Z])\.$"
)
"""Abbreviations before a word, which never end a sentence."""
_BEFORE_NUMBER: Final = re.compile(
    r"\b(?:No|Nos|pp?|\w*[Ss]tr|art|Art|§|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|núm)\.$"
)
_UNLESS_CAPITAL: Final = re.compile(
    r"(?:\b(?:etc|Inc|Ltd|Co|Corp|Ave|Blvd|Rd|min|max|usw|ecc|enz|a\.m|p\.m|A\.M|P\.M|Ph\.D"
    r"|Mon|Tue|Tues|Wed|Thu|Thurs|Fri|no|núm|tel|Tel)|(?<!\.)\.\.|…)[.…]?$"
)
"""Abbreviations that end a sentence if the next word begins one."""
_OF_A_TIME: Final = re.compile(r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day$|[A-Z]{2,4}$")
"""A day or a time zone, which may follow "8 a.m."."""
_ORDINAL: Final = re.compile(r"(?:^|\s)\d{1,2}\.$")
"""The number of a list, or a day as in "5. Mai"; a year ends a sentence."""
_WORDS_TOO: Final = re.compile(
    r"\b(?:no|art|may|ill|miss|ore|me|id|ok|OK|Ok|pa|la|op|con|mar|mai|min|max|vol|fig)\.$"
)
"""Abbreviations of `sentencex` that are words more often."""
_PAIRS: Final = ("「」", "『』", "（）", "《》", "【】", "«»")
_CHINESE_QUOTES: Final = "“”"
_GOES_ON: Final = re.compile(r"[とってはがをにのもでへやな]")
"""A Japanese particle: the quotation before it is a part of the sentence."""
_WIDE: Final = re.compile(r"[\u2e80-\ufaff]")
"""Letters that stand for a syllable or a word."""
_OPEN_TAG: Final = re.compile(r"</?[a-zA-Z][\w:-]*(?:\s+[\w:-]+\s*=[^<>]{0,200}|[\s/]*)$")
_OPEN_LINK: Final = re.compile(r"\]\([^)\s]{0,200}$")

LONGEST_CHARS = 280
"""Text this long without an end is cut at a clause or a blank; a third of it in wide letters."""
SLICE_CHARS = 64
"""The most characters that are examined together, so that the time stays linear."""
_SENTENCE_BEGINS: Final = " Zz"
"""A capital letter that begins a sentence; it is no word, so that no rule of a language applies."""


def ends(before: str, after: str, language: str = "en") -> bool | None:
    """Return whether a sentence ends between *before*, which has its mark, and *after*.

    None: it depends on the next word, which is not known yet. *language*: ISO 639-1.
    """
    if _NEVER.search(before) or _ORDINAL.search(before) or _OPEN_TAG.search(before):
        return False
    if _inside(before, language) or (before[-1] in "」』" and _GOES_ON.match(after)):
        return False
    following = after.lstrip().lstrip("\"'(\u201c\u2018«[*_")
    if _BEFORE_NUMBER.search(before):
        return not (following[0].isdigit() or following[0].islower()) if following else None
    if not _UNLESS_CAPITAL.search(before):
        if not before.endswith("."):
            return True
        if not following:
            return None
        return not (following[0].islower() or _is_abbreviated(before, language))
    if following and (following[0].islower() or following[0].isdigit()):
        return False
    word = re.match(r"\w+\b(?=\W)", following)
    return not _OF_A_TIME.match(word[0]) if word else None


def _inside(text: str, language: str) -> bool:
    """Return whether a quotation or a bracket of *text* is open."""
    pairs = (*_PAIRS, _CHINESE_QUOTES) if language == "zh" else _PAIRS
    return any(text.count(pair[0]) > text.count(pair[1]) for pair in pairs)


def _is_abbreviated(before: str, language: str) -> bool:
    """Return whether *before* ends with an abbreviation that does not end a sentence."""
    if _WORDS_TOO.search(before):
        return False
    last = " ".join(before.split()[-3:])  # no abbreviation is longer, and the time stays linear
    return len(sentencex.segment(language, f"{last}{_SENTENCE_BEGINS}")) == 1


class SentenceCutter:
    """Takes text as it comes and returns pieces that are ready to be spoken."""

    def __init__(self, *, first: bool = True, language: str = "en") -> None:
        """Take *language*, such as "en" or "en-US"; for unknown ones only the marks count."""
        self._language = without_region(language)
        self._text = ""
        self._first = first

    def feed(self, delta: str) -> list[str]:
        """Return the pieces that *delta* completed, oldest first."""
        slices = range(0, len(delta), SLICE_CHARS)
        return [piece for at in slices for piece in self._feed(delta[at : at + SLICE_CHARS])]

    def _feed(self, delta: str) -> list[str]:
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
            is_end = ends(before, after, self._language)
            if is_end is None and len(self._text) <= LONGEST_CHARS:
                return None
            if is_end:
                return match.end()
        if self._first:
            for first in _FIRST_END.finditer(self._text):
                head = self._text[: first.end()]
                open_ = _OPEN_TAG.search(head) or _OPEN_LINK.search(head)
                if not open_ and not _inside(head, self._language):
                    return first.end()
        return self._cut_long()

    def _cut_long(self) -> int | None:
        wide = len(_WIDE.findall(self._text)) * 2 > len(self._text)
        longest = LONGEST_CHARS // 3 if wide else LONGEST_CHARS
        if len(self._text) <= longest:
            return None
        clauses = [m.end() for m in _CLAUSE.finditer(self._text)]
        if at := clauses[-1] if clauses else self._text.rfind(" ", 0, longest) + 1:
            return at
        return longest if len(self._text) > 2 * longest else None
