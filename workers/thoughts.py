"""What a model thinks aloud, taken out of the stream of its response. Pure.

A reasoning model writes `<think>...</think>` before its response, or in it. Some servers put the
first tag into the prompt, so that the stream begins inside the thought.
"""

from __future__ import annotations

import re
from typing import Final

_NAMES: Final = "think thinking thought thoughts reasoning tool_call".split()
_NAME: Final = "|".join(_NAMES)
_OPEN: Final = re.compile(rf"<\s*(?:{_NAME})(?:\s[^<>]*)?(?<!/)>|\[THINK\]", re.IGNORECASE)
_CLOSE: Final = re.compile(rf"<\s*/\s*(?:{_NAME})\s*>|\[/THINK\]", re.IGNORECASE)
_TOKEN: Final = re.compile(rf"<\|\w+\|>|<end_of_turn>|<\s*(?:{_NAME})\s*/>", re.IGNORECASE)
"""Marks of a chat template: no words."""
_TAGS: Final = (
    *(f"<{name}{end}" for name in _NAMES for end in (">", "/>")),
    *(f"</{name}>" for name in _NAMES),
    "[think]",
    "[/think]",
    "<end_of_turn>",
)
_LONGEST_TAG: Final = 80


class ThoughtFilter:
    """Takes the deltas of a response and returns what of them is to be said."""

    def __init__(self, *, hold: bool = False) -> None:
        """Begin outside a thought; with *hold* nothing is said before the end of a first one."""
        self.thought = False
        """There was a thought."""
        self.began_inside = False
        """The response began inside a thought: all that was returned before its end was none."""
        self._text = ""
        self._is_inside = False
        self._holds = hold

    def feed(self, delta: str) -> str:
        """Return what *delta* adds to what is said; "" while the model thinks."""
        self._text += delta
        said = ""
        while True:
            if self._is_inside:
                if not (end := _CLOSE.search(self._text)):
                    self._text = self._text[-_LONGEST_TAG:]  # where an end may have begun
                    return said
                self._is_inside, self._text = False, self._text[end.end() :]
                continue
            begin, end = _OPEN.search(self._text), _CLOSE.search(self._text)
            if end and not (begin and begin.start() < end.start()):  # all before was a thought
                said, self._text = "", self._text[end.end() :]
                self.thought = self.began_inside = True
                self._holds = False
            elif begin:
                said += self._text[: begin.start()]
                self._text = self._text[begin.end() :]
                self._is_inside = self.thought = True
                self._holds = False
            elif self._holds:
                return said
            else:
                ready = _TOKEN.sub("", self._text)
                cut = len(ready) - len(_unfinished_tag(ready))
                self._text = ready[cut:]
                return said + ready[:cut]

    def flush(self) -> str:
        """Return the rest; the stream is over. A thought without an end is no rest."""
        rest, self._text = "" if self._is_inside else _TOKEN.sub("", self._text), ""
        return rest


def _unfinished_tag(text: str) -> str:
    """Return the end of *text* that may be the beginning of a tag, "" where there is none."""
    for at in {text.rfind("<"), text.rfind("[")} - {-1}:
        tail = text[at:]
        begun = re.sub(r"\s", "", tail).lower()
        named = re.match(rf"<\s*(?:{_NAME})\s[^<>]*$", tail, re.IGNORECASE)
        token = re.match(r"<\|?$|<\|\w*\|?$", tail)
        is_tag = named or token or any(tag.startswith(begun) for tag in _TAGS)
        if is_tag and len(tail) < _LONGEST_TAG:
            return tail
    return ""
