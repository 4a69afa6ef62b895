"""Marks of a chat template that a server left in a response, taken out of what is spoken. Pure.

They come last: some of them are a part of the markup in which a model calls tools.
"""

import re
from typing import Final

_MARK: Final = re.compile(r"<\|[\w▁]+\|>|<｜[\w▁]+｜>|<end_of_turn>|</s>", re.IGNORECASE)
_PART: Final = re.compile(r"<(?:[|｜][\w▁]{0,40}[|｜]?)?|<e[a-z_]{0,10}|</s?", re.IGNORECASE)


class TemplateMarks:
    """Takes the text of a response and returns it without such marks."""

    def __init__(self) -> None:
        self._text = ""
        """What may be the beginning of a mark."""

    def feed(self, delta: str) -> str:
        """Return what *delta* adds to what is said."""
        text = _MARK.sub("", self._text + delta)
        at = text.rfind("<")
        cut = at if at >= 0 and _PART.fullmatch(text, at) else len(text)
        self._text = text[cut:]
        return text[:cut]

    def flush(self) -> str:
        """Return the rest; the stream is over."""
        rest, self._text = self._text, ""
        return rest
