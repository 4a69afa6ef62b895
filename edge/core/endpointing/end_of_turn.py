"""Computes how long a silence must last to end a turn, from the words and the sound.

There are four sources of evidence. Two use the words: the rules below, and the language model
(eot_llm). Two use the sound: the recogniser, which has learnt punctuation from sound and words
(eot_stt), and the turn model, if one is loaded (eot_audio).

may the words end here?      end likely      end not rated      end unlikely
yes      ("Call me back.")   finished        finished           unclear
perhaps  ("Call me back")    finished        unclear            unclear
no       ("I want to")       unfinished      unfinished         unfinished

One or two words ("Hello?") are never better than unclear, since more words often follow.
"""

import math
import re
from dataclasses import dataclass, replace

from edge.core.endpointing.lexicon import Lexicon, lexicon
from schemas.session_config import Eagerness, TurnConfig, Waits

WAITS: dict[Eagerness, Waits] = {
    "high": Waits(finished_ms=300, unclear_ms=600, unfinished_ms=1100),
    "auto": Waits(finished_ms=440, stated_ms=760, unclear_ms=1240, unfinished_ms=1440),
    "low": Waits(finished_ms=800, stated_ms=1100, unclear_ms=1800, unfinished_ms=2500),
}


def waits_of(config: TurnConfig) -> Waits:
    """Return the waits of a session: its own numbers, or those of its eagerness."""
    if config.waits:
        return config.waits
    fixed = config.silence_ms
    return Waits(fixed, fixed, fixed) if fixed else WAITS[config.eagerness]


@dataclass(frozen=True)
class Evidence:
    """The evidence about the end of turn at a pause."""

    text: str
    """All words of the turn so far."""
    eot_stt: float | None = None
    """0..1: the recogniser's probability that a sentence ends here, or None without one."""
    eot_llm: float | None = None
    """0..1: the language model's probability of the same, by the words alone, or None before it
    answers."""
    eot_llm_pending: bool = False
    """Whether the language model was asked and has not answered. Its response cannot be heard
    before its answer, so the wait costs nothing."""
    eot_audio: float | None = None
    """0..1: the turn model's probability, by the sound alone, or None without such a model."""
    after_question: bool = False
    """Whether the last sentence that the caller heard was a question."""
    language: str = ""
    """A Whisper code such as "en" or "en-US"; "auto" or empty if unknown."""


LLM_WEIGHT = 0.5
"""The weight of the language model's log odds; the recogniser's weight is 1.
benchmarks/eot_accuracy.py measures how often the sum is right."""
EOT_LLM_MISSING = 0.4
"""The assumed probability if the language model gives none."""
EOT_BY_RULES = 0.7
"""The assumed probability if the recogniser gives none and the rules find an end."""
HIGHEST_PROBABILITY = 0.99
"""The upper limit of every probability, so that no source decides alone; the lower limit is the
rest to 1."""
EOT_AUDIO_SURE = 0.8
"""The turn model's least probability at which unclear words count as finished."""
EOT_AUDIO_DOUBT = 0.5
"""The turn model's probability below which the verdict moves one step towards unfinished."""
AGREED_SHARE = 0.9
"""The share of the wait for a statement that is finished by the words and by the turn model."""
MOST_OPENING_WORDS = 2
"""The most words of an opening ("Hello?"), after which more words are likely."""
LEAST_QUESTION_WORDS = 4
"""The fewest words of a question that certainly asks the listener; "Police dogs, maybe?" has
fewer."""
MOST_BACKCHANNEL_WORDS = 3
MOST_CLAUSE_WORDS = 7
"""The most words of a subordinate clause whose main clause is still to come."""

_UNSPACED = (
    "\u3005\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff"  # Japanese kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Chinese characters
)
_UNSPACED_LONG = "\u0e01-\u0e4e\u0e81-\u0ecd\u1000-\u1049\u1780-\u17d3"  # Thai, Lao, Burmese, Khmer
_MARKED = "\u0900-\u0963\u0966-\u0dff"  # Indic scripts, whose vowel signs are no \w
_ANY_WORD = re.compile(
    f"[{_UNSPACED}]{{1,2}}|[{_UNSPACED_LONG}]{{1,5}}"
    f"|(?:[^\\W{_UNSPACED}{_UNSPACED_LONG}]|['\u2019{_MARKED}-])+"
)
_QUESTION_MARKS = ("?", "\uff1f", "\u061f")
_STOPS = (".", "!", "\u3002", "\uff0e", "\uff01", "\u0964", "\u06d4")
_OPEN_MARKS = (",", "-", "\u2026", "...", ":", ";", *"\u3001\uff0c\uff1a\uff1b\u060c")
_MARKS = "".join((*_QUESTION_MARKS, *_STOPS)) + " "
_SENTENCE_END = re.compile(f"[{re.escape(_MARKS.strip())}]")


def words(text: str) -> list[str]:
    """Return the words of *text*, lower case.

    In a script without blanks between words, pieces of about a word's length count as words: two
    characters of Chinese or Japanese, five of Thai.
    """
    return [word.lower().replace("\u2019", "'") for word in _ANY_WORD.findall(text)]


def is_question(text: str) -> bool:
    """Tell whether *text* ends in a question mark."""
    return text.rstrip().endswith(_QUESTION_MARKS)


def sounds_finished(text: str, *, after_question: bool = False, language: str) -> bool | None:
    """Tell by the words alone whether a speaker has finished: True, False, or None if unclear.

    Args:
        text: all that the speaker has said in this turn.
        after_question: whether the speaker may be answering a question.
        language: a Whisper code such as "en" or "en-US"; "auto" or empty if unknown.
    """
    tokens, known = words(text), lexicon(language)
    if not tokens:
        return None
    if after_question and len(tokens) <= MOST_OPENING_WORDS:
        return True if tokens[-1] in known.answers else None
    if any(" ".join(tokens[-count:]) in known.openings for count in (2, 3)):
        return False
    if is_question(text):  # "Are you there?" may end with a word that ends no statement
        return None if len(tokens) == 1 or tokens[-1] in known.asks_on else True
    stripped = text.rstrip()
    if stripped.endswith(_OPEN_MARKS) or tokens[-1] in known.open_ends:
        return False
    ended = stripped.endswith(_STOPS)
    if _is_number(tokens[-1], known):  # dictated digits, or the first word of "20 Baker Street"
        dictated = len(tokens) == 1 or not ended or _is_number(tokens[-2], known)
        return False if dictated else None
    if tokens[0] in known.subordinate and "," not in text and len(tokens) <= MOST_CLAUSE_WORDS:
        return None if after_question else False
    return (len(tokens) > MOST_OPENING_WORDS or None) if ended else None


def _is_number(word: str, known: Lexicon) -> bool:
    return word.isdecimal() or word in known.numbers


def is_finished(known: Evidence) -> bool | None:
    """Tell by all evidence whether a speaker has finished: True, False, or None if unclear."""
    tokens = words(known.text)
    found = sounds_finished(
        known.text, after_question=known.after_question, language=known.language
    )
    if found is False or (known.after_question and len(tokens) <= MOST_OPENING_WORDS):
        return found
    many = len(tokens) > MOST_OPENING_WORDS
    if known.eot_llm_pending:
        found = None
    elif known.eot_stt is not None or known.eot_llm is not None:
        found = True if many and _log_odds_of_end(known, by_rules=found) >= 0 else None
    if known.eot_audio is None:
        return found
    if known.eot_audio < EOT_AUDIO_DOUBT:
        return None if found else False
    return True if known.eot_audio >= EOT_AUDIO_SURE and many else found


def is_open(known: Evidence) -> bool:
    """Tell whether the language model's probability could change the verdict."""
    return is_finished(replace(known, eot_llm=0.0)) is not is_finished(replace(known, eot_llm=1.0))


def _log_odds_of_end(known: Evidence, *, by_rules: bool | None) -> float:
    """Return the log odds of a sentence's end, from recogniser and language model."""
    eot_stt = known.eot_stt
    if eot_stt is None:
        eot_stt = EOT_BY_RULES if by_rules else 0.5
    eot_llm = EOT_LLM_MISSING if known.eot_llm is None else known.eot_llm
    return _log_odds(eot_stt) + LLM_WEIGHT * _log_odds(eot_llm)


def _log_odds(probability: float) -> float:
    limited = min(max(probability, 1 - HIGHEST_PROBABILITY), HIGHEST_PROBABILITY)
    return math.log(limited / (1 - limited))


def sounds_asked(known: Evidence) -> bool:
    """Tell whether the words end with a question to the listener, and not with a tag ("right?")."""
    tokens = words(_SENTENCE_END.split(known.text.rstrip(_MARKS))[-1])
    if not is_question(known.text) or len(tokens) < LEAST_QUESTION_WORDS:
        return False
    lexis = lexicon(known.language)
    return tokens[-1] not in lexis.answers | lexis.backchannels


def by_words(known: Evidence) -> Evidence:
    """Return the evidence without the turn model."""
    return replace(known, eot_audio=None)


def wait_ms(known: Evidence, waits: Waits) -> int:
    """Return the silence, ms, after which the turn ends."""
    stated_ms = waits.stated_ms or waits.finished_ms
    match is_finished(known):
        case True:
            replies = known.after_question and len(words(known.text)) <= MOST_OPENING_WORDS
            if replies or sounds_asked(known):
                return waits.finished_ms
            agreed = (known.eot_audio or 0) >= EOT_AUDIO_SURE and is_finished(by_words(known))
            return max(waits.finished_ms, int(stated_ms * AGREED_SHARE)) if agreed else stated_ms
        case False:
            return waits.unfinished_ms
        case _ if is_finished(by_words(known)):  # only the turn model doubts it
            return stated_ms if sounds_asked(known) else (stated_ms + waits.unclear_ms) // 2
        case _:
            return waits.unclear_ms


def is_backchannel(text: str, language: str) -> bool:
    """Tell whether *text* is a backchannel, which only says "I am listening"."""
    tokens, nods = words(text.replace("-", " ")), lexicon(language).backchannels
    return 0 < len(tokens) <= MOST_BACKCHANNEL_WORDS and (
        all(word in nods for word in tokens) or " ".join(tokens) in nods
    )
