"""Text as a voice can say it: no emoji, no markdown, whole sentences. Pure."""

import re
import unicodedata
from typing import Final

_LINK: Final = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_URL: Final = re.compile(r"https?://(?:www\.)?([^\s/)]+)\S*")
_LINE_MARK: Final = re.compile(
    r"^\s*(?:[-*+\u2022\u2023\u25aa\u00b7\u2013\u2014]\s+|#{1,6}\s+|>\s+|\d+[.)]\s+)", re.MULTILINE
)
_MARKUP: Final = re.compile(r"[*_`~#|<>\[\]{}\\^]+")
_SENTENCE_END: Final = re.compile(
    r"""(?:(?<=[.!?\u2026])|(?<=[.!?]["')]))\s+(?=["'(]?(?:[^\W\d_a-z]|\d))"""
)
_ABBREVIATION: Final = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|Prof|St|No|vs|etc|e\.g|i\.e|[A-Z])\.$")
_SPOKEN: Final = {"&": " and ", "%": " percent", "°": " degrees", "@": " at ", "+": " plus "}
_EMOJI_PARTS: Final = "\ufe0f\u20e3"
"""Parts of an emoji in Unicode's category of accents, which else stay."""
_STRAIGHT: Final = {0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"', 0xA0: " "}


def speakable(text: str) -> str:
    """Return *text* without what a voice would stumble over; empty when nothing is left to say."""
    text = _URL.sub(r"\1", _LINK.sub(r"\1", text.translate(_STRAIGHT)))
    text = _LINE_MARK.sub("", text)
    # Each line of a list is a sentence of its own, or the voice runs through it without a breath.
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    text = " ".join(
        line if at == len(lines) - 1 or line[-1] in ".!?:;,…" else f"{line}."
        for at, line in enumerate(lines)
    )
    text = _MARKUP.sub(" ", text)
    for sign, word in _SPOKEN.items():
        text = text.replace(sign, word)
    text = "".join(letter for letter in text if _has_a_sound(letter))
    text = re.sub(r"\s+([.,!?;:])", r"\1", " ".join(text.split()))
    return text if any(letter.isalnum() for letter in text) else ""


def sentences(text: str) -> list[str]:
    """Return the sentences of speakable *text*; "Dr. Who paid 3.50." is one."""
    found: list[str] = []
    for part in _SENTENCE_END.split(text):
        if found and _ABBREVIATION.search(found[-1]):
            found[-1] = f"{found[-1]} {part}"
        else:
            found.append(part)
    return [part for part in found if any(letter.isalnum() for letter in part)]


def _has_a_sound(letter: str) -> bool:
    """Return whether *letter* can be read aloud; emoji, arrows and controls cannot."""
    category = unicodedata.category(letter)
    return (category[0] in "LMNZP" or category == "Sc") and letter not in _EMOJI_PARTS
