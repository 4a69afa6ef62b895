"""Removes a model's reasoning from the stream of its response.

Pure. A reasoning model writes `<think>...</think>` before its response, or in it. Some servers put
the first tag into the prompt, so that the stream begins inside the reasoning.
"""

import re
from typing import Final

_THOUGHTS: Final = ("think", "thinking", "thought", "thoughts", "reasoning")
_LONGEST_TAG: Final = 80
"""The most characters of a tag."""


class _Tags:
    """The tags of reasoning with one of these *names*."""

    def __init__(self, *names: str) -> None:
        name = "|".join(names)
        self.open = re.compile(rf"<\s*(?:{name})(?:\s[^<>]*)?(?<!/)>|\[THINK\]", re.IGNORECASE)
        self.close = re.compile(rf"<\s*/\s*(?:{name})\s*>|\[/THINK\]", re.IGNORECASE)
        self.token = re.compile(rf"<\s*(?:{name})\s*/>", re.IGNORECASE)
        """Empty reasoning."""
        self._named = re.compile(rf"<\s*(?:{name})\s[^<>]*$", re.IGNORECASE)
        self._all = (
            *(f"<{one}{end}" for one in names for end in (">", "/>")),
            *(f"</{one}>" for one in names),
            "[think]",
            "[/think]",
        )

    def unfinished(self, text: str) -> str:
        """Return the end of *text* that may be the start of a tag, or ""."""
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
"""The reasoning of gpt-oss, if the server has removed the marks of its channels."""


class ReasoningFilter:
    """Takes the deltas of a response and returns the text to be spoken."""

    def __init__(self, *, hold: bool = False) -> None:
        """Begin outside reasoning; with *hold* return nothing before the end of the first one."""
        self.has_reasoning = False
        """Whether there was reasoning."""
        self.began_inside = False
        """Whether the response began inside reasoning, which was returned as text."""
        self._text = ""
        self._is_inside = False
        self._end = _TAGS.close
        """The end tag of the current reasoning."""
        self._is_new = True
        self._holds = hold

    def feed(self, delta: str) -> str:
        """Return the text to be spoken after *delta*; "" during reasoning."""
        self._text += delta
        said = ""
        if self._is_new:
            if _CHANNEL.startswith(self._text.lstrip()):
                return ""  # it may begin with the name of a channel
            self._is_new = False
            if channel := _CHANNEL_BEGIN.match(self._text):
                self._is_inside = self.has_reasoning = True
                self._text, self._end = self._text[channel.end() :], _CHANNEL_END
        while True:
            if self._is_inside:
                if not (end := self._end.search(self._text)):
                    self._text = self._text[-_LONGEST_TAG:]  # an end tag may have begun there
                    return said
                self._is_inside, self._text = False, self._text[end.end() :]
                self._end = _TAGS.close
                continue
            begin, end = _TAGS.open.search(self._text), _TAGS.close.search(self._text)
            if end and not (begin and begin.start() < end.start()):  # all before was reasoning
                said, self._text = "", self._text[end.end() :]
                self.has_reasoning = self.began_inside = True
                self._holds = False
            elif begin:
                said += self._text[: begin.start()]
                self._text = self._text[begin.end() :]
                self._is_inside = self.has_reasoning = True
                self._holds = False
            elif self._holds:
                return said
            else:
                ready = _TAGS.token.sub("", self._text)
                cut = len(ready) - len(_TAGS.unfinished(ready))
                self._text = ready[cut:]
                return said + ready[:cut]

    def flush(self) -> str:
        """Return the rest at the end of the stream, without unfinished reasoning."""
        rest, self._text = "" if self._is_inside else _TAGS.token.sub("", self._text), ""
        return rest
