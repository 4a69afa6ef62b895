"""The words of a model, without its reasoning, cut into pieces to be spoken. Pure."""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

from workers.llm.reasoning import ReasoningFilter
from workers.llm.template_marks import TemplateMarks
from workers.llm.tool_text import ToolText
from workers.sentences import SentenceCutter


class ResponseText:
    """Takes the deltas of one response and returns pieces that are ready to be spoken."""

    def __init__(
        self,
        *,
        first: bool = True,
        hold: bool = False,
        tools: Collection[str] = (),
        types: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
        language: str = "en",
    ) -> None:
        """Take *first*: nothing was spoken yet; *hold*: this model begins inside reasoning.

        *tools* are the names of the tools that the model may call; *types* are the schemas of their
        arguments, by tool and argument.
        """
        self.is_begun = False
        """Whether there are words, though not yet a whole piece."""
        self._first = first
        self._reasoning = ReasoningFilter(hold=hold)
        self._offered = tools
        self._types = types
        self.tools = ToolText(tools, types)
        """The calls that were written as text."""
        self._marks = TemplateMarks()
        self._language = language
        self._cutter = SentenceCutter(first=first, language=language)

    @property
    def has_reasoning(self) -> bool:
        """Return whether there was reasoning."""
        return self._reasoning.has_reasoning or self.tools.has_reasoning

    @property
    def began_inside(self) -> bool:
        """Return whether the response began inside reasoning, as its end tag showed."""
        return self._reasoning.began_inside

    def feed(self, delta: str) -> list[str]:
        """Return the pieces that *delta* completed, oldest first."""
        known = self.began_inside
        text = self._reasoning.feed(delta)
        if self.began_inside and not known:
            # the waiting text was reasoning
            self._cutter = SentenceCutter(first=self._first, language=self._language)
            self.tools = ToolText(self._offered, self._types)
            self._marks = TemplateMarks()
        text = self._marks.feed(self.tools.feed(text))
        self.is_begun |= bool(text)
        return self._cutter.feed(text)

    def flush(self) -> list[str]:
        """Return the rest; the stream is over."""
        text = self._reasoning.flush()
        text = self.tools.feed(text) + self.tools.flush()
        text = self._marks.feed(text) + self._marks.flush()
        return [*self._cutter.feed(text), *self._cutter.flush()]
