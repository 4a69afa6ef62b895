"""Finds numbers of several digits in what people say in English, written or spoken.

A run is what belongs together: digits (also inside a word, as in an IBAN), number words, blanks and
dashes, "um" between them. It counts as many digits as it would have written down: "two hundred and
five" three, "twenty three forty five" four.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

UNITS = frozenset("zero oh nought naught one two three four five six seven eight nine".split())
TEENS = frozenset(
    "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
)
TENS = frozenset("twenty thirty forty fourty fifty sixty seventy eighty ninety".split())
SCALES = {"hundred": 2, "thousand": 3, "million": 6, "billion": 9}
"""Words to the number of digits that follow them."""
REPEATS = {"double": 1, "triple": 2}
"""Words to the number of times that the next digit counts more."""
BETWEEN = frozenset(
    "um uh uhm umm er erm ah eh hm hmm mm mhm dash hyphen slash dot point space underscore".split()
)
"""Words that people say inside a number."""

_WORD = re.compile(r"\w+")
_GAP = re.compile(r"[\s,.;…\-\u2010-\u2015/()_+#·'\"]*")
_ORDINAL = re.compile(r"\d{1,3}(?:st|nd|rd|th)", re.IGNORECASE)


@dataclass
class _Run:
    """A number as far as it has been read."""

    start: int
    end: int = 0
    """Of its last digit."""
    digits: int = 0
    room: int = 0
    """How many digits the next words may still name without making the number longer."""
    repeat: int = 0
    joined: bool = False
    """An "and" was said after the last digit."""
    single: bool = False
    """The last was one digit alone: "one, two and three"; after ten it begins another number."""

    def take(self, word: str, end: int) -> bool:
        """Go on with *word*; False where it does not belong here."""
        if word in BETWEEN:
            return True
        if word == "and":
            self.joined = True
            return self.digits > 0 and (self.single or self.room > 1)
        if word in REPEATS:
            self.repeat = REPEATS[word]
            return True
        if word in SCALES:
            if not self.digits:
                return False
            self.digits, self.room, self.single = self.digits + SCALES[word], SCALES[word], False
        else:
            length, more = _digits(word)
            if not length or (self.joined and length > 1 and self.room < length):
                return False
            self._append(length, more)
        self.end, self.joined, self.repeat = end, False, 0
        return True

    def _append(self, length: int, more: int) -> None:
        if length <= self.room and not self.repeat:
            self.room = more or (self.room - length if length > 1 else 0)
            self.single = False
            return
        self.digits += length + self.repeat
        self.room, self.single = more, length == 1


def _digits(word: str) -> tuple[int, int]:
    """Return how many digits *word* is, and how many of them the next words may name."""
    if word in UNITS:
        return 1, 0
    if word in TEENS:
        return 2, 0
    if word in TENS:
        return 2, 1
    if _ORDINAL.fullmatch(word):
        return 0, 0
    return sum(map(str.isdigit, word)), 0


def numbers(text: str, least: int, *, growing: bool = False) -> Iterator[tuple[int, int]]:
    """Yield begin and end of each number of *least* digits or more in *text*.

    *growing*: more is about to be said, so a number at the end of *text* counts whatever its
    length.
    """
    run, before = _Run(0), 0
    for found in _WORD.finditer(text):
        word, gap = found[0].lower(), text[before : found.start()]
        goes_on = run.end > 0 or run.repeat > 0
        if not (goes_on and _GAP.fullmatch(gap) and run.take(word, found.end())):
            if run.digits >= least:
                yield run.start, run.end
            run = _Run(found.start())
            if word in BETWEEN or word == "and" or not run.take(word, found.end()):
                run = _Run(0)
        before = found.end()
    at_the_end = growing and run.digits > 0 and _GAP.fullmatch(text[before:])
    if run.digits >= least or at_the_end:
        yield run.start, run.end
