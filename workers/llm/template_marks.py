"""Removes the marks of a chat template that a server left in a response.

Pure. It is the last filter, since some marks are a part of the markup of tool calls.
"""

import re
from typing import Final

_MARK: Final = re.compile(r"<\|[\w▁]+\|>|<｜[\w▁]+｜>|<end_of_turn>|</s>", re.IGNORECASE)
_PART: Final = re.compile(r"<(?:[|｜][\w▁]{0,40}[|｜]?)?|<e[a-z_]{0,10}|</s?", re.IGNORECASE)


class TemplateMarks:
    """Takes the text of a response and returns it without marks."""

    def __init__(self) -> None:
        self._text = ""
        """The possible start of a mark."""

    def feed(self, delta: str) -> str:
        """Return the text to be spoken after *delta*."""
        text = _MARK.sub("", self._text + delta)
        at = text.rfind("<")
        cut = at if at >= 0 and _PART.fullmatch(text, at) else len(text)
        self._text = text[cut:]
        return text[:cut]

    def flush(self) -> str:
        """Return the rest; the stream is over."""
        rest, self._text = self._text, ""
        return rest
