"""Finds numbers of several digits in what people say in English, written or spoken.

A run is one such number: digits (also inside a word, as in an IBAN) and number words, with blanks,
dashes or "um" between them. Its length is that of the written number: "two hundred and five" has
three digits, "twenty three forty five" has four.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

UNITS = frozenset("zero oh nought naught one two three four five six seven eight nine".split())
TEENS = frozenset(
    "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
)
TENS = frozenset("twenty thirty forty fourty fifty sixty seventy eighty ninety".split())
SCALES = {"hundred": 2, "thousand": 3, "million": 6, "billion": 9}
"""Words, and the number of digits that follow each."""
REPEATS = {"double": 1, "triple": 2}
"""Words, and how many more times the next digit counts."""
ZERO_LETTER = "o"
"""The zero inside a number that is dictated digit by digit; elsewhere a letter, or a word of
another language."""
BETWEEN = frozenset("huh dash hyphen slash dot point space underscore".split())
"""Words that people say inside a number, beside "um"."""
AFTER_A_DIGIT = frozenset(
    "like well then so okay ok sorry wait actually no yes yeah right again you know i mean comma "
    "plus star hash".split()
)
"""Words that people say inside a number that they dictate digit by digit."""

_WORD = re.compile(r"\w+")
_UNSEEN = r"\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe0f\u20e3\ufeff"
"""Invisible characters, which come with numbers that are copied from pages and contacts, and the
frames of emoji digits."""
_GAP = re.compile(rf"[\s,.;…\-\u2010-\u2015/()_+#·'\"*|~&=?!<>\[\]{{}}\\`\u2018-\u201e{_UNSEEN}]*")
_UM = re.compile("u+h+m*|u+m+|e+r+m*|e+h+|a+h+|h+m+|m+h*m+")
"""A hesitation, however drawn out."""
_ORDINAL = re.compile(r"\d{1,3}(?:st|nd|rd|th)", re.IGNORECASE)


@dataclass
class _NumberWords:
    """A number as far as it has been read."""

    start: int
    end: int = 0
    """The end of its last digit in the text."""
    digits: int = 0
    room: int = 0
    """Digits that the next words may fill in without making the number longer."""
    repeat: int = 0
    joined: bool = False
    """An "and" was said after the last digit."""
    single: bool = False
    """The last word was a single digit, as in "one, two and three"."""

    def add(self, word: str, end: int) -> bool:
        """Add *word*; return False if it does not belong to this number."""
        if _is_between(word):
            return True
        if word in AFTER_A_DIGIT:
            return self.single
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
            dictated = word == ZERO_LETTER and (self.single or self.repeat > 0)
            length, more = (1, 0) if dictated else _digits(word)
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


def _is_between(word: str) -> bool:
    return word in BETWEEN or _UM.fullmatch(word) is not None


def _digits(word: str) -> tuple[int, int]:
    """Return the digits of *word*, and how many of them the next words may fill in."""
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
    """Yield the start and end of each number with at least *least* digits in *text*.

    *growing*: more words may follow, so a number at the end of *text* counts whatever its length.
    """
    run, before = _NumberWords(0), 0
    for match in _WORD.finditer(text):
        word, gap = match[0].lower(), text[before : match.start()]
        in_number = run.end > 0 or run.repeat > 0
        if not (in_number and _GAP.fullmatch(gap) and run.add(word, match.end())):
            if run.digits >= least:
                yield run.start, run.end
            run = _NumberWords(match.start())
            if _is_between(word) or word == "and" or not run.add(word, match.end()):
                run = _NumberWords(0)
        before = match.end()
    at_the_end = growing and run.digits > 0 and _GAP.fullmatch(text[before:])
    if run.digits >= least or at_the_end:
        yield run.start, run.end
