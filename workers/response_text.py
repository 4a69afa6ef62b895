"""The words of a model, without its thoughts, cut into pieces to be spoken. Pure."""

from __future__ import annotations

from workers.engines.protocols import FunctionCall
from workers.sentences import SentenceCutter
from workers.thoughts import ThoughtFilter
from workers.tool_text import ToolText


class ResponseText:
    """Takes the deltas of one response and returns what is ready to be spoken."""

    def __init__(
        self, *, first: bool = True, hold: bool = False, tools: bool = False, language: str = "en"
    ) -> None:
        """Take *first*: nothing was said yet; *hold*: this model begins inside a thought.

        *tools*: the model may call tools, and may write that as text.
        """
        self.is_begun = False
        """There is something to say, if not yet a whole piece."""
        self._first = first
        self._thoughts = ThoughtFilter(hold=hold, calls=tools)
        self._tools = ToolText() if tools else None
        self._language = language
        self._cutter = SentenceCutter(first=first, language=language)

    @property
    def thought(self) -> bool:
        """There was a thought."""
        return self._thoughts.thought

    @property
    def began_inside(self) -> bool:
        """The response began inside a thought, as the end of that showed."""
        return self._thoughts.began_inside

    @property
    def calls(self) -> list[FunctionCall]:
        """Calls that were written as text."""
        return self._tools.calls if self._tools else []

    def feed(self, delta: str) -> list[str]:
        """Return the pieces that *delta* completed, oldest first."""
        known = self.began_inside
        text = self._thoughts.feed(delta)
        if self.began_inside and not known:
            # what waited was a thought
            self._cutter = SentenceCutter(first=self._first, language=self._language)
            if self._tools:
                self._tools = ToolText()
        if self._tools:
            text = self._tools.feed(text)
        self.is_begun |= bool(text)
        return self._cutter.feed(text)

    def flush(self) -> list[str]:
        """Return the rest; the stream is over."""
        text = self._thoughts.flush()
        if self._tools:
            text = self._tools.feed(text) + self._tools.flush()
        return [*self._cutter.feed(text), *self._cutter.flush()]
