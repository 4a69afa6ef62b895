"""Finds tool calls that a model writes as text, and removes them from the response. Pure.

If the server does not parse calls, models write them as JSON, alone or in a fence, or in the markup
of their family (`tool_markup.py`). Text that may begin a call is held until that is clear;
other text is returned at once. Markup is never spoken: unparsable markup is withheld, and a call of
a tool that was not offered is neither spoken nor made.
"""

import json
import re
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, Final

from runtime.moves import moved
from schemas.tools import MOST_ARGUMENT_CHARS, MOST_CALLS
from workers.engines.protocols import FunctionCall
from workers.llm import tool_markup
from workers.llm.markup_calls import BROKEN_NAME, calls_in, calls_of
from workers.llm.tool_markup import HARMONY, HARMONY_END, HARMONY_HEAD, PYTHONIC, Markup
from workers.llm.tool_text_phase import AFTER_FENCED, IN_MARKUP, RESPONSE, TEXT_MOVES, TextMove

_FENCE: Final = re.compile(r"```[a-z_]*", re.IGNORECASE)
_JSON: Final = re.compile(r'(?:```[a-z_]*)?\s*(?=\{\{?\s*"|\[\s*\{\s*")', re.IGNORECASE)
_PART_OF_JSON: Final = re.compile(r"\{\{?\s*|\[\s*(?:\{\s*)?")
_PYTHONIC: Final = re.compile(r"\[\s*(?P<name>[\w.]{1,64})\s*\((?P<named>\s*\w{1,64}\s*=|\s*\))?")
_PART_OF_PYTHONIC: Final = re.compile(r"\[\s*[\w.]{0,64}\s*(?:\(\s*\w{0,64}\s*)?")
_MARK: Final = re.compile(r"[<`{\[]|(?<![\w.])[A-Za-z]")
_STRIPPED: Final = (
    r"(?:(?:assistant)?commentary to=)?functions\.[\w-]{1,64}(?::\d{1,3})?\s*(?:json)?\s*"
)
"""The rest of Kimi's and gpt-oss' calls if the server has removed their marks."""
_PART_OF_STRIPPED: Final = re.compile(
    r"(?:(?:assistant)?commentary to=)?functions\.[\w-]{0,64}(?::\d{0,3})?\s*(?:j|js|jso|json)?\s*"
)
_BEFORE_STRIPPED: Final = "assistantcommentary to=functions."
_TO: Final = re.compile(r"\bto=(?:functions\.)?(?P<name>[\w-]{1,64})")
_MOST_CALL_CHARS: Final = 2 * MOST_ARGUMENT_CHARS
"""The most characters that are held back as a call."""
_CLOSING_CHARS: Final = 80
"""The most characters of a closing."""
_SCANNER: Final = json.JSONDecoder()
UNREADABLE: Final = "unreadable_call"
"""The name of a call that cannot be parsed; no tool has this name."""


class ToolText:
    """Takes the text of a response and returns the text to be spoken."""

    def __init__(
        self,
        offered: Collection[str],
        types: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
    ) -> None:
        """Take the names of the *offered* tools.

        *types* are the schemas of their arguments, by tool and argument.
        """
        self._types = types
        self.calls: list[FunctionCall] = []
        self.unknown: list[FunctionCall] = []
        """Calls of other tools, and calls that could not be parsed."""
        self.markup: Markup | None = None
        """The last markup whose call could not be parsed or made."""
        self.has_reasoning = False
        """Whether there was reasoning in a channel of its own."""
        self._offered = frozenset(offered)
        names = [_STRIPPED, *(rf"{re.escape(name)}(?:\[ARGS\])?" for name in sorted(offered))]
        self._named = re.compile(rf"(?:{'|'.join(names)})(?=\{{)")
        """A tool's name before its arguments, the rest of Mistral's markup."""
        self._text = ""
        """Text that was neither returned nor taken for a call yet."""
        self._phase = RESPONSE
        self._opened: Markup
        """The markup that was opened last."""

    def feed(self, delta: str) -> str:
        """Return the text to be spoken after *delta*; "" while a call may have begun."""
        self._text += delta
        return self._without_calls(at_end=False)

    def flush(self) -> str:
        """Return the rest; the stream is over."""
        return self._without_calls(at_end=True)

    def _without_calls(self, *, at_end: bool) -> str:
        """Return the text to be spoken so far; with *at_end* nothing is held back."""
        out = ""
        while self._text or (at_end and self._phase is IN_MARKUP):
            if self._phase is IN_MARKUP:
                if not self._leave_markup(at_end=at_end):
                    break
                continue
            if self._phase is AFTER_FENCED:
                if not self._leave_fence(at_end=at_end):
                    break
                continue
            at = self._first()
            out, self._text = out + self._text[:at], self._text[at:]
            if not self._text or not (self._enter(at_end=at_end) or at_end):
                break
            if at_end and self._text and self._phase is RESPONSE:
                out, self._text = out + self._text[0], self._text[1:]  # the text was no call
        return out

    # -------------------------------------------------------- the start of a call

    def _first(self) -> int:
        """Return the index at which a call begins or may begin; the text's length if none does."""
        for mark in _MARK.finditer(self._text):
            if self._may_begin(self._text[mark.start() :]):
                return mark.start()
        return len(self._text)

    def _may_begin(self, text: str) -> bool:
        """Return whether *text* begins a call, or may do so with more text."""
        if tool_markup.opening(text) or tool_markup.may_open(text) or _JSON.match(text):
            return True
        if text.lower().startswith(HARMONY.openings):
            return True
        if self._is_pythonic(text) or _PART_OF_PYTHONIC.fullmatch(text):
            return True
        if text[0].isalpha():
            return self._names(text)
        opening = _FENCE.match(text)
        rest = text[opening.end() :].lstrip() if opening else text
        return (
            text in {"`", "``"}
            or (bool(opening) and not rest)
            or _PART_OF_JSON.fullmatch(rest) is not None
        )

    def _is_pythonic(self, text: str) -> bool:
        """Return whether *text* begins a list of calls in Python's syntax."""
        match = _PYTHONIC.match(text)
        return match is not None and (bool(match["named"]) or match["name"] in self._offered)

    def _names(self, text: str) -> bool:
        """Return whether *text* begins, or may begin, with a tool's name before its arguments."""
        if self._named.match(text) or _PART_OF_STRIPPED.fullmatch(text):
            return True
        before = ("commentary to=functions.", "functions.", _BEFORE_STRIPPED)
        named = (f"{name}[ARGS]{{" for name in self._offered)
        return any(start.startswith(text) for start in (*before, *self._offered, *named))

    def _enter(self, *, at_end: bool) -> bool:
        """Read the call at the start of the text; False: it is incomplete, or no call."""
        if opened := tool_markup.opening(self._text):
            markup, end = opened
            self._open(markup)
            self._text = self._text[end:]
            return True
        if self._text.lower().startswith(HARMONY.openings):
            return self._read_channel(at_end=at_end)
        if self._is_pythonic(self._text):
            self._open(PYTHONIC)
            return True
        if named := self._named.match(self._text):
            return self._read_named(named, at_end=at_end)
        return self._read_json(at_end=at_end)

    # -------------------------------------------------------- markup

    def _open(self, markup: Markup) -> None:
        self._move(TextMove.OPEN)
        self._opened = markup

    def _leave_markup(self, *, at_end: bool) -> bool:
        """Read the content of the markup; False: its end is missing yet."""
        markup, text = self._opened, self._text
        end = re.search(markup.closing, text, re.IGNORECASE) if markup.closing else None
        if end is None and not at_end:
            if len(text) > _MOST_CALL_CHARS:  # only its end is searched
                self._text = text[: MOST_ARGUMENT_CHARS + 2] + text[-_CLOSING_CHARS:]
            return False
        body, rest = text, ""
        if end:
            # the closing bracket is part of a list in Python's syntax
            body = text[: end.end() if markup is PYTHONIC else end.start()]
            rest = text[end.end() :]
        self._move(TextMove.CLOSE)
        self._text = rest
        calls = calls_in(body, self._types)
        if not all(call.name in self._offered for call in calls) or not calls:
            self.markup = markup
        self._keep_calls(calls or [FunctionCall(UNREADABLE, "{}")])
        return True

    def _read_channel(self, *, at_end: bool) -> bool:
        """Read a message of gpt-oss, and leave the caller's; False: its end is missing yet."""
        head = HARMONY_HEAD.match(self._text)
        if head is None:
            if at_end or len(self._text) > tool_markup.MOST_HEAD_CHARS:
                self._text = ""  # a head without a message
                return True
            return False
        rest, called = self._text[head.end() :], _TO.search(head.group())
        if called is None and "analysis" not in head.group().lower():
            self._text = f"\n{rest}"
            return True
        end = HARMONY_END.search(rest)
        if end is None and not at_end:
            self._text = head.group() + (rest if called else rest[-_CLOSING_CHARS:])
            return False
        body, self._text = (rest[: end.start()], rest[end.end() :]) if end else (rest, "")
        self.has_reasoning |= called is None
        if called:
            self._keep_calls(
                [FunctionCall(called["name"], body.strip()[: MOST_ARGUMENT_CHARS + 1])]
            )
            if called["name"] not in self._offered:
                self.markup = HARMONY
        return True

    def _keep_calls(self, calls: list[FunctionCall]) -> None:
        for call in calls:
            known = self.calls if call.name in self._offered else self.unknown
            if len(known) < MOST_CALLS:
                known.append(call)

    # -------------------------------------------------------- JSON

    def _read_json(self, *, at_end: bool) -> bool:
        """Read the JSON at the start of the text; False: it is incomplete, or no call."""
        begin = _JSON.match(self._text)
        if begin is None:
            return False
        fenced, body = bool(begin.group().strip()), self._text[begin.end() :]
        for wraps in (0, 1) if body.startswith("{{") else (0,):  # some models write {{...}}
            try:
                value, end = _SCANNER.raw_decode(body, wraps)
                calls = calls_of(value)
            except (ValueError, RecursionError):
                continue
            if wraps and not at_end and not body[end:]:
                return False  # the second closing brace has not come yet
            if calls:
                self._keep_calls(calls)
                if fenced:
                    self._move(TextMove.FENCED_CALL)
                self._text = body[end:].removeprefix("}" * wraps)
                return True
        if not at_end and len(body) <= _MOST_CALL_CHARS:
            return False
        if name := BROKEN_NAME.search(body):  # reported to the model, not spoken
            self._keep_calls([FunctionCall(name[1], body[: MOST_ARGUMENT_CHARS + 1])])
            self._text = ""
            return True
        return False

    def _read_named(self, named: re.Match[str], *, at_end: bool) -> bool:
        """Read the arguments after a tool's name; False: they are incomplete."""
        name = re.split(r"functions\.", named.group())[-1]
        name = re.split(r"\[|:|\s|json$", name)[0] if name not in self._offered else name
        body = self._text[named.end() :]
        try:
            _, end = _SCANNER.raw_decode(body)
        except (ValueError, RecursionError):
            if not at_end and len(body) <= _MOST_CALL_CHARS:
                return False
            end = len(body)
        self._keep_calls([FunctionCall(name, body[:end][: MOST_ARGUMENT_CHARS + 1])])
        self._text = body[end:]
        return True

    def _leave_fence(self, *, at_end: bool) -> bool:
        """Drop the end of a fence after a call; False: it may be missing yet."""
        rest = self._text.lstrip()
        if rest.startswith("```"):
            rest = rest[3:]
        elif not at_end and rest in {"", "`", "``"}:
            return False
        self._move(TextMove.CLOSE)
        self._text = rest
        return True

    def _move(self, move: TextMove) -> None:
        self._phase = moved(TEXT_MOVES, self._phase, move)
