"""What a model thinks aloud, taken out of the stream of its response. Pure.

A reasoning model writes `<think>...</think>` before its response, or in it. Some servers put the
first tag into the prompt, so that the stream begins inside the thought.
"""

import re
from typing import Final

_THOUGHTS: Final = ("think", "thinking", "thought", "thoughts", "reasoning")
_LONGEST_TAG: Final = 80
"""The most characters of a tag."""


class _Tags:
    """The marks of thoughts, where those are called *names*."""

    def __init__(self, *names: str) -> None:
        name = "|".join(names)
        self.open = re.compile(rf"<\s*(?:{name})(?:\s[^<>]*)?(?<!/)>|\[THINK\]", re.IGNORECASE)
        self.close = re.compile(rf"<\s*/\s*(?:{name})\s*>|\[/THINK\]", re.IGNORECASE)
        self.token = re.compile(rf"<\s*(?:{name})\s*/>", re.IGNORECASE)
        """A thought of nothing."""
        self._named = re.compile(rf"<\s*(?:{name})\s[^<>]*$", re.IGNORECASE)
        self._all = (
            *(f"<{one}{end}" for one in names for end in (">", "/>")),
            *(f"</{one}>" for one in names),
            "[think]",
            "[/think]",
        )

    def unfinished(self, text: str) -> str:
        """Return the end of *text* that may be the beginning of a tag, "" where there is none."""
        for at in {text.rfind("<"), text.rfind("[")} - {-1}:
            tail = text[at:]
            begun = re.sub(r"\s", "", tail).lower()
            is_tag = self._named.match(tail) or any(t.startswith(begun) for t in self._all)
            if is_tag and len(tail) < _LONGEST_TAG:
                return tail
        return ""


_TAGS: Final = _Tags(*_THOUGHTS)
_CHANNEL: Final = "analysis"
_CHANNEL_BEGIN: Final = re.compile(rf"\s*{_CHANNEL}(?=[A-Z\"'])")
_CHANNEL_END: Final = re.compile(r"assistant(?:final|(?=commentary to=))")
"""The thoughts of gpt-oss, where the server has taken the marks of its channels away."""


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
        self._end = _TAGS.close
        """Of the thought that it is inside of."""
        self._is_new = True
        self._holds = hold

    def feed(self, delta: str) -> str:
        """Return what *delta* adds to what is said; "" while the model thinks."""
        self._text += delta
        said = ""
        if self._is_new:
            if _CHANNEL.startswith(self._text.lstrip()):
                return ""  # it may begin with the name of a channel
            self._is_new = False
            if channel := _CHANNEL_BEGIN.match(self._text):
                self._is_inside = self.thought = True
                self._text, self._end = self._text[channel.end() :], _CHANNEL_END
        while True:
            if self._is_inside:
                if not (end := self._end.search(self._text)):
                    self._text = self._text[-_LONGEST_TAG:]  # where an end may have begun
                    return said
                self._is_inside, self._text = False, self._text[end.end() :]
                self._end = _TAGS.close
                continue
            begin, end = _TAGS.open.search(self._text), _TAGS.close.search(self._text)
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
                ready = _TAGS.token.sub("", self._text)
                cut = len(ready) - len(_TAGS.unfinished(ready))
                self._text = ready[cut:]
                return said + ready[:cut]

    def flush(self) -> str:
        """Return the rest; the stream is over. A thought without an end is no rest."""
        rest, self._text = "" if self._is_inside else _TAGS.token.sub("", self._text), ""
        return rest
