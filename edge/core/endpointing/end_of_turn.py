"""How long to listen to a silence before answering: what words and sound say about an end.

Four witnesses. The words: by the rules below, and by how surely the language model, which reads
them anyway, would end the sentence there. The sound: by how surely the recogniser would end it (it
has learnt punctuation from both), and by a model of turns, where one was asked.

the words may end ...        and are ended            nobody says       and are not
yes        ("Call me back.") finished                 finished          unclear
perhaps    ("Call me back")  finished                 unclear           unclear
no         ("I want to")     unfinished               unfinished        unfinished

One or two words ("Hello?") are never made finished by who says that they are ended.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import Literal

from edge.core.endpointing.question import is_question
from schemas.session_config import Eagerness, TurnConfig, Waits


WAITS: dict[Eagerness, Waits] = {
    "high": Waits(finished_ms=300, unclear_ms=600, unfinished_ms=1100),
    "auto": Waits(finished_ms=440, unclear_ms=1500, unfinished_ms=1700),
    "low": Waits(finished_ms=800, unclear_ms=1800, unfinished_ms=2500),
}


def waits_of(config: TurnConfig) -> Waits:
    """Return the waits of a session: by its eagerness, unless it named numbers."""
    if config.waits:
        return config.waits
    fixed = config.silence_ms
    return Waits(fixed, fixed, fixed) if fixed else WAITS[config.eagerness]


@dataclass(frozen=True)
class Evidence:
    """What is known at a pause."""

    text: str
    """All words of the turn so far."""
    ended: float | None = None
    """0..1: how surely the recogniser would end a sentence here; None: it does not say."""
    read: float | None = None
    """0..1: how surely the language model would, by the words alone; None: it does not say."""
    reading: bool = False
    """It is about to say. Nothing can be heard before that, so waiting for it costs nothing."""
    sound: float | None = None
    """0..1: how much it sounds like an end to a model of turns; None: none was asked."""
    asked: bool = False
    """The assistant had asked something."""


READ_WEIGHT = 0.5
"""Of the language model's log odds beside the recogniser's. benchmarks/endings.py counts how often
their sum is right."""
UNREAD = 0.4
"""What a language model that does not say is taken to think."""
ENDED_BY_RULE = 0.7
"""What the rules alone are worth where the recogniser does not say."""
SUREST = 0.99
"""No witness counts for more than this, nor for less than what is missing of it to 1."""
SURE = 0.8
"""A model of turns that is this sure makes finished what the words leave unclear."""
MOST_OPENING_WORDS = 2
"""So few may be an opening ("Hello?") whatever they sound like: more may well come."""
DOUBTED = 0.5
"""Below this the speaker is listened to one step longer than the words say."""

_OPEN_ENDS = frozenset(
    "a about after an and are as at because before between but by can could do does for "
    "from had has have her his how i if in into is it's i'm let's like my of on or our "
    "so than that the their then there these this those to um uh uhm er hmm was "
    "were what when where whether which while who whose why will with without would your "
    "we're you're they he she we maybe perhaps very also just i'll i've they're he's she's".split()
)
_NUMBER = re.compile(
    r"(\d+|zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple)", re.IGNORECASE
)
_ASKS_ON = frozenset(
    "a an and because but er get hmm how i if my or our the their uh uhm um what when where "
    "whether which while who whose why your".split()
)
"""The end of no question, however it was punctuated."""
_OPENINGS = frozenset(
    "tell me|thing is|number is|name is|can you|could you|would you|would like|i'd like|"
    "i want|i need|was thinking|is possible|possible to|you please|do you know|let me think|"
    "let me see|hold on|hang on|one moment|a moment|one second|a second".split("|")
)
"""What begins something or asks for time, however it was punctuated."""
_SUBORDINATE = frozenset("if when because although though unless while since once after".split())
"""A clause that begins so wants another one ..."""
CLAUSE_WORDS = 7
"""... and the longest that has none yet: after more words the other one has been said, too."""
_ANSWERS = frozenset(
    "yes no yeah yep yup nope sure okay ok correct right exactly please thanks none nothing "
    "never neither both".split()
)
"""Whole answers to a question."""
_WORD = re.compile("[\\w'\u2019-]+")


def words(text: str) -> list[str]:
    """Return the words of *text*, lower case."""
    return [word.lower().replace("\u2019", "'") for word in _WORD.findall(text)]


def sounds_finished(text: str, *, asked: bool = False) -> bool | None:
    """Tell whether somebody who said *text* is done: True, False, or None where it is unclear.

    *asked*: it may be the answer to a question.
    """
    said = words(text)
    if not said:
        return None
    if asked and len(said) <= MOST_OPENING_WORDS:
        return True if said[-1] in _ANSWERS else None
    if _opens(said):
        return False
    stripped = text.rstrip()
    if is_question(text):  # "Are you there?" may end where a statement cannot
        return None if len(said) == 1 or said[-1] in _ASKS_ON else True
    if stripped.endswith((",", "-", "\u2026", "...", ":", ";")) or said[-1] in _OPEN_ENDS:
        return False
    ended = stripped.endswith((".", "!"))
    if _NUMBER.fullmatch(said[-1]):  # dictated, or the beginning of "20 Baker Street"
        alone = len(said) == 1 or not ended or _NUMBER.fullmatch(said[-2])
        return False if alone else None
    if said[0] in _SUBORDINATE and "," not in text and len(said) <= CLAUSE_WORDS:
        return None if asked else False
    return (len(said) > MOST_OPENING_WORDS or None) if ended else None


def _opens(said: list[str]) -> bool:
    return any(" ".join(said[-count:]) in _OPENINGS for count in (2, 3))


def is_finished(known: Evidence) -> bool | None:
    """Weigh the words against the sound."""
    said = words(known.text)
    found = sounds_finished(known.text, asked=known.asked)
    if found is False or (known.asked and len(said) <= MOST_OPENING_WORDS):
        return found
    many = len(said) > MOST_OPENING_WORDS
    if known.reading:
        found = None
    elif known.ended is not None or known.read is not None:
        found = True if many and _ended(known, found) >= 0 else None
    if known.sound is None:
        return found
    if known.sound < DOUBTED:
        return None if found else False
    return True if known.sound >= SURE and many else found


def is_open(known: Evidence) -> bool:
    """Tell whether a language model could change what the other witnesses say of a sentence."""
    return is_finished(replace(known, read=0.0)) is not is_finished(replace(known, read=1.0))


def _ended(known: Evidence, by_rule: bool | None) -> float:
    """Return the log odds that a sentence is over that may end."""
    ended = known.ended
    if ended is None:
        ended = ENDED_BY_RULE if by_rule else 0.5
    read = UNREAD if known.read is None else known.read
    return _log_odds(ended) + READ_WEIGHT * _log_odds(read)


def _log_odds(likely: float) -> float:
    likely = min(max(likely, 1 - SUREST), SUREST)
    return math.log(likely / (1 - likely))


def wait_ms(known: Evidence, waits: Waits) -> int:
    """Return the silence after which a turn is answered of which so much is known."""
    match is_finished(known):
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
