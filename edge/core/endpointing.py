"""How long to listen to a silence before answering: what the words say about being finished."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Eagerness = Literal["low", "auto", "high"]


@dataclass(frozen=True)
class Waits:
    """Silence, ms, that ends a turn whose words sound ..."""

    finished_ms: int
    unclear_ms: int
    unfinished_ms: int


WAITS: dict[Eagerness, Waits] = {
    "high": Waits(finished_ms=300, unclear_ms=500, unfinished_ms=1100),
    "auto": Waits(finished_ms=440, unclear_ms=700, unfinished_ms=1500),
    "low": Waits(finished_ms=800, unclear_ms=1200, unfinished_ms=2500),
}

_OPEN_ENDS = frozenset(
    "a about after an and are as at because before between but by can could do does for "
    "from had has have her his how i if in into is it's i'm let's like my of on or our "
    "please so than that the their then there these this those to um uh uhm er hmm was "
    "were what when where whether which while who whose why will with without would your "
    "we're you're".split()
)
_NUMBER = re.compile(
    r"(\d+|zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple)", re.IGNORECASE
)
_WORD = re.compile("[\\w'\u2019-]+")


def words(text: str) -> list[str]:
    """Return the words of *text*, lower case."""
    return [word.lower().replace("\u2019", "'") for word in _WORD.findall(text)]


def sounds_finished(text: str) -> bool | None:
    """Tell whether somebody who said *text* is done: True, False, or None where it is unclear."""
    said = words(text)
    if not said:
        return None
    stripped = text.rstrip()
    if stripped.endswith("?"):  # "Are you there?" may end where a statement cannot
        return None if len(said) == 1 or said[-1] in _OPEN_ENDS else True
    if stripped.endswith((",", "-", "\u2026", "...", ":", ";")) or said[-1] in _OPEN_ENDS:
        return False
    if _NUMBER.fullmatch(said[-1]) and (len(said) == 1 or _NUMBER.fullmatch(said[-2])):
        return False  # a number is being dictated
    if stripped.endswith((".", "!")):
        return len(said) > 2 or None
    return None


def wait_ms(text: str, eagerness: Eagerness, waits: Waits | None = None) -> int:
    """Return the silence after which a turn that ended with *text* is answered.

    *waits* replaces the numbers of *eagerness*, for a replay that tries others.
    """
    waits = waits or WAITS[eagerness]
    match sounds_finished(text):
        case True:
            return waits.finished_ms
        case False:
            return waits.unfinished_ms
        case _:
            return waits.unclear_ms


_BACKCHANNELS = frozenset(
    "ah aha alright cool good great hm hmm huh mhm mm mmm nice oh ok okay right sure uh "
    "uhm uhuh um wow yeah yep yes yup".split()
)


def is_backchannel(text: str) -> bool:
    """Tell whether *text* only says "I am listening", which interrupts nobody."""
    said = words(text.replace("-", " "))
    return 0 < len(said) <= 3 and all(word in _BACKCHANNELS for word in said)
