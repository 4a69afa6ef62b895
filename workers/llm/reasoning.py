"""Removes a model's reasoning from the stream of its response. Pure.

    START --channel--> IN_CHANNEL
    START --text--> UNTAGGED
    START --hold--> HELD
    UNTAGGED, HELD, OUTSIDE --open--> IN_TAGS
    UNTAGGED, HELD, OUTSIDE, IN_TAGS, IN_CHANNEL --close--> OUTSIDE

A reasoning model writes `<think>...</think>` before its response, or in it. Some servers put the
first tag into the prompt, so that the stream begins inside the reasoning, and an end tag without a
start closes it.
"""

import re
from collections.abc import Mapping
from enum import Enum, auto
from typing import Final

from runtime.moves import moved

_THOUGHTS: Final = ("think", "thinking", "thought", "thoughts", "reasoning")
_NAME: Final = f"(?:{'|'.join(_THOUGHTS)})"
_OPEN: Final = re.compile(rf"<\s*{_NAME}(?:\s[^<>]*)?(?<!/)>|\[THINK\]", re.IGNORECASE)
_CLOSE: Final = re.compile(rf"<\s*/\s*{_NAME}\s*>|\[/THINK\]", re.IGNORECASE)
_EMPTY: Final = re.compile(rf"<\s*{_NAME}\s*/>", re.IGNORECASE)
"""Empty reasoning."""
_NAMED: Final = re.compile(rf"<\s*{_NAME}\s[^<>]*$", re.IGNORECASE)
_TAGS: Final = (
    "[think]",
    "[/think]",
    *(tag for name in _THOUGHTS for tag in (f"<{name}>", f"<{name}/>", f"</{name}>")),
)
_LONGEST_TAG_CHARS: Final = 80
"""The most characters of a tag."""
_CHANNEL: Final = "analysis"
_CHANNEL_BEGIN: Final = re.compile(rf"\s*{_CHANNEL}(?=[A-Z\"'])")
_CHANNEL_END: Final = re.compile(r"assistant(?:final|(?=commentary to=))")
"""The reasoning of gpt-oss, if the server has removed the marks of its channels."""


class ReasoningPhase(Enum):
    """Whether the stream is inside reasoning."""

    START = auto()
    """The text so far may be a part of a channel's name."""
    UNTAGGED = auto()
    """No tag was seen, and the text is spoken."""
    HELD = auto()
    """No tag was seen, and the text is held, as the model began inside reasoning before."""
    OUTSIDE = auto()
    """There was reasoning, and the text after it is spoken."""
    IN_TAGS = auto()
    IN_CHANNEL = auto()


class ReasoningMove(Enum):
    """What was found in the text."""

    CHANNEL = auto()
    """The name of the reasoning's channel."""
    TEXT = auto()
    """A beginning without a channel."""
    HOLD = auto()
    """The same, of a text to be held."""
    OPEN = auto()
    """A start tag."""
    CLOSE = auto()
    """An end tag, or the end of the channel."""


_P, _M = ReasoningPhase, ReasoningMove
REASONING_MOVES: Mapping[tuple[ReasoningPhase, ReasoningMove], ReasoningPhase] = {
    (_P.START, _M.CHANNEL): _P.IN_CHANNEL,
    (_P.START, _M.TEXT): _P.UNTAGGED,
    (_P.START, _M.HOLD): _P.HELD,
    (_P.UNTAGGED, _M.OPEN): _P.IN_TAGS,
    (_P.HELD, _M.OPEN): _P.IN_TAGS,
    (_P.OUTSIDE, _M.OPEN): _P.IN_TAGS,
    (_P.UNTAGGED, _M.CLOSE): _P.OUTSIDE,
    (_P.HELD, _M.CLOSE): _P.OUTSIDE,
    (_P.OUTSIDE, _M.CLOSE): _P.OUTSIDE,
    (_P.IN_TAGS, _M.CLOSE): _P.OUTSIDE,
    (_P.IN_CHANNEL, _M.CLOSE): _P.OUTSIDE,
}
_ENDS: Final = {ReasoningPhase.IN_TAGS: _CLOSE, ReasoningPhase.IN_CHANNEL: _CHANNEL_END}
"""The end of the reasoning in each phase inside it."""
_WITHOUT: Final = {ReasoningPhase.START, ReasoningPhase.UNTAGGED, ReasoningPhase.HELD}
"""The phases before any reasoning."""


class ReasoningFilter:
    """Takes the deltas of a response and returns the text to be spoken."""

    def __init__(self, *, hold: bool = False) -> None:
        """Begin outside reasoning; with *hold* return nothing before the end of the first one."""
        self.began_inside = False
        """Whether the response began inside reasoning, which was returned as text."""
        self._text = ""
        self._hold = hold
        self._phase = ReasoningPhase.START

    @property
    def has_reasoning(self) -> bool:
        """Return whether there was reasoning."""
        return self._phase not in _WITHOUT

    def feed(self, delta: str) -> str:
        """Return the text to be spoken after *delta*; "" during reasoning."""
        self._text += delta
        out = ""
        if self._phase is ReasoningPhase.START and not self._begin():
            return ""
        while True:
            if end_of_reasoning := _ENDS.get(self._phase):
                if not (end := end_of_reasoning.search(self._text)):
                    self._text = self._text[-_LONGEST_TAG_CHARS:]  # an end tag may have begun there
                    return out
                self._move(ReasoningMove.CLOSE, end)
                continue
            begin, end = _OPEN.search(self._text), _CLOSE.search(self._text)
            if end and not (begin and begin.start() < end.start()):  # all before was reasoning
                out = ""
                self.began_inside = True
                self._move(ReasoningMove.CLOSE, end)
            elif begin:
                out += self._text[: begin.start()]
                self._move(ReasoningMove.OPEN, begin)
            elif self._phase is ReasoningPhase.HELD:
                return out
            else:
                ready = _EMPTY.sub("", self._text)
                cut = len(ready) - len(_unfinished_tag(ready))
                self._text = ready[cut:]
                return out + ready[:cut]

    def flush(self) -> str:
        """Return the rest at the end of the stream, without unfinished reasoning."""
        is_inside = self._phase in _ENDS
        rest, self._text = "" if is_inside else _EMPTY.sub("", self._text), ""
        return rest

    def _begin(self) -> bool:
        """Leave the start; return False if the text may be a part of a channel's name."""
        if _CHANNEL.startswith(self._text.lstrip()):
            return False
        if channel := _CHANNEL_BEGIN.match(self._text):
            self._move(ReasoningMove.CHANNEL, channel)
        else:
            self._move(ReasoningMove.HOLD if self._hold else ReasoningMove.TEXT)
        return True

    def _move(self, move: ReasoningMove, match: re.Match[str] | None = None) -> None:
        """Make *move*, and drop the text up to the end of *match*."""
        self._phase = moved(REASONING_MOVES, self._phase, move)
        if match:
            self._text = self._text[match.end() :]


def _unfinished_tag(text: str) -> str:
    """Return the end of *text* that may be the start of a tag, or ""."""
    for at in {text.rfind("<"), text.rfind("[")} - {-1}:
        tail = text[at:]
        begun = re.sub(r"\s", "", tail).lower()
        is_tag = _NAMED.match(tail) or any(tag.startswith(begun) for tag in _TAGS)
        if is_tag and len(tail) < _LONGEST_TAG_CHARS:
            return tail
    return ""
