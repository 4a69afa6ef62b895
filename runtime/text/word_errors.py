"""The difference of two texts, in words. Pure."""

import re
from collections.abc import Sequence

WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")


def words(text: str) -> list[str]:
    """Return the words of *text* in lower case, without punctuation."""
    return [word.replace("\u2019", "'") for word in WORD.findall(text.lower())]


def word_error_rate(reference: str, heard: str) -> float:
    """Return the word error rate: wrong, missing and added words per word of *reference*.

    It may exceed 1. With an empty reference it is 0 for an empty text and 1 for any other.
    """
    truth, other = words(reference), words(heard)
    if not truth:
        return 1.0 if other else 0.0
    return distance(truth, other) / len(truth)


def distance(items: Sequence[str], other: Sequence[str]) -> int:
    """Return the least number of replaced, removed and added items between two sequences."""
    row = list(range(len(other) + 1))
    for number, item in enumerate(items, 1):
        before, row[0] = row[0], number
        for at, word in enumerate(other, 1):
            before, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, before + (item != word))
    return row[-1]
