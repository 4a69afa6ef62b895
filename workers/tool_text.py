"""Calls of tools that a model writes as text, taken out of what is spoken. Pure.

Small models write a call as JSON, bare, in a fence or in `<tool_call>` tags, or as markup, whatever
their server makes of it. Text that may begin a call is held until that is clear; anything else goes
on at once. A call of something that was not offered is neither spoken nor made.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, Final

from schemas.tools import MOST_ARGUMENT_CHARS, MOST_CALLS
from workers import tool_markup
from workers.engines.protocols import FunctionCall

_TAG: Final = "<tool_call>"
_OPENING: Final = re.compile(r"<\s*tool_call\s*>|```[a-z_]*", re.IGNORECASE)
_BEGIN: Final = re.compile(
    r'(?:<\s*tool_call\s*>|```[a-z_]*)?\s*(?=\{\{?\s*"|\[\s*\{\s*")', re.IGNORECASE
)
_CLOSING: Final = {
    "<": re.compile(r"<\s*/\s*tool_call\s*>", re.IGNORECASE),
    "`": re.compile(r"```"),
    "｜": re.compile(r"<｜tool▁calls▁end｜>"),
}
"""What closes a call, by the first character of what opened it."""
_PART_OF_CLOSING: Final = re.compile(
    r"`{0,2}|<\s*(?:/\s*[a-z_]{0,9}\s*)?|<｜[a-z▁]{0,14}｜?", re.IGNORECASE
)
_PART_OF_JSON: Final = re.compile(r"\{\{?\s*|\[\s*(?:\{\s*)?")
_MARK: Final = re.compile(r"[<`{\[]")
_NAME: Final = re.compile(r'"name"\s*:\s*"([^"]{1,64})"')
_LONGEST: Final = 2 * MOST_ARGUMENT_CHARS
"""The most characters that are held back as a call."""
_SCANNER: Final = json.JSONDecoder()


class ToolText:
    """Takes the text of a response and returns what of it is to be said."""

    def __init__(
        self,
        offered: Collection[str],
        types: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
    ) -> None:
        """Take calls of the tools that are *offered*, by their names.

        *types* are the schemas of their arguments, by tool and argument.
        """
        self._types = types
        self.calls: list[FunctionCall] = []
        self.unknown: list[FunctionCall] = []
        """Calls of what was not offered."""
        self._offered = frozenset(offered)
        self._text = ""
        """What was neither returned nor taken for a call yet."""
        self._opened = ""
        """The first character of what opened the call that was taken last: its end may follow."""

    def feed(self, delta: str) -> str:
        """Return what *delta* adds to what is said; "" while a call may be under way."""
        self._text += delta
        return self._go(over=False)

    def flush(self) -> str:
        """Return the rest; the stream is over."""
        return self._go(over=True)

    def _go(self, *, over: bool) -> str:
        said = ""
        while self._text:
            if self._opened:
                if not self._close(over=over):
                    break
                continue
            at = self._first()
            said, self._text = said + self._text[:at], self._text[at:]
            if not self._text or not (self._take(over=over) or over):
                break
            if over and self._text and not self._opened:
                said, self._text = said + self._text[0], self._text[1:]  # it was no call
        return said

    def _first(self) -> int:
        """Return where the text begins a call, or may begin one; its length where it does not."""
        for mark in _MARK.finditer(self._text):
            rest = self._text[mark.start() :]
            begins = _BEGIN.match(rest) or tool_markup.BEGIN.match(rest)
            if begins or _may_begin(rest) or tool_markup.may_begin(rest):
                return mark.start()
        return len(self._text)

    def _take(self, *, over: bool) -> bool:
        """Take the call at the beginning of the text; False: it is not whole yet, or is none."""
        if markup := tool_markup.BEGIN.match(self._text):
            return self._take_markup(markup, over=over)
        begin = _BEGIN.match(self._text)
        if begin is None:
            return False
        body = self._text[begin.end() :]
        for wraps in (0, 1) if body.startswith("{{") else (0,):  # some models write {{...}}
            try:
                found, end = _SCANNER.raw_decode(body, wraps)
            except (ValueError, RecursionError):
                continue
            if wraps and not over and not body[end:]:
                return False  # its last brace is on its way
            if calls := _calls(found):
                self._taken(calls, body[end:].removeprefix("}" * wraps), begin.group().strip())
                return True
        if not over and len(body) <= _LONGEST:
            return False
        if name := _NAME.search(body):  # broken: the model is told, and nobody hears it
            self._taken([FunctionCall(name[1], body[: MOST_ARGUMENT_CHARS + 1])], "", "")
            return True
        return False

    def _take_markup(self, begin: re.Match[str], *, over: bool) -> bool:
        """Take the call that *begin* begins; False: its end is on its way."""
        body = self._text[begin.end() :]
        end = tool_markup.END.search(body)
        if end is None and not over and len(body) <= _LONGEST:
            return False
        inside, rest = (body[: end.start()], body[end.end() :]) if end else (body, "")
        name = tool_markup.name(begin)
        arguments = tool_markup.arguments(inside, self._types.get(name, {}))
        call = FunctionCall(name, arguments[: MOST_ARGUMENT_CHARS + 1])
        self._taken([call], rest, tool_markup.opening(begin))
        return True

    def _taken(self, calls: list[FunctionCall], rest: str, opening: str) -> None:
        for call in calls:
            known = self.calls if call.name in self._offered else self.unknown
            if len(known) < MOST_CALLS:
                known.append(call)
        self._text, self._opened = rest, opening[:1]

    def _close(self, *, over: bool) -> bool:
        """Drop the mark that closes a call; False: it may still be on its way."""
        rest = self._text.lstrip()
        if closing := _CLOSING[self._opened].match(rest):
            rest = rest[closing.end() :]
        elif not over and _PART_OF_CLOSING.fullmatch(rest):
            return False
        self._text, self._opened = rest, ""
        return True


def _may_begin(text: str) -> bool:
    """Tell whether *text* is the beginning of a beginning of a call."""
    if text in {"`", "``"} or _TAG.startswith("".join(text.lower().split())):
        return True
    opening = _OPENING.match(text)
    rest = text[opening.end() :].lstrip() if opening else text
    return (bool(opening) and not rest) or _PART_OF_JSON.fullmatch(rest) is not None


def _calls(found: Any) -> list[FunctionCall]:
    """Return the calls in *found*, an object or a list of them; none: it is something else."""
    if isinstance(found, list):
        each = [_calls(one) for one in found]
        return [call for calls in each for call in calls] if all(each) else []
    if not isinstance(found, dict):
        return []
    if isinstance(inner := found.get("function"), dict):
        found = inner
    name, arguments = found.get("name"), found.get("arguments", found.get("parameters"))
    if not isinstance(name, str) or not isinstance(arguments, dict | str):
        return []
    text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    return [FunctionCall(name, text)]
