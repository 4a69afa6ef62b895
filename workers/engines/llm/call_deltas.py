"""Joins the parts of tool calls in the stream of a server with OpenAI's chat API.

Pure. Most servers number the calls and send the arguments in parts. Some send each call whole, all
with the number 0 or with none; some repeat the name with each part.
"""

import json
from dataclasses import dataclass
from typing import Any

from schemas.tools import MOST_ARGUMENT_CHARS, MOST_CALLS
from workers.engines.protocols import FunctionCall


@dataclass
class _Call:
    index: object
    id: str
    name: str
    arguments: str = ""

    @property
    def is_whole(self) -> bool:
        try:
            return isinstance(json.loads(self.arguments), dict)
        except (ValueError, RecursionError):
            return False


class CallDeltas:
    """Joins the parts of calls, in the order of their start."""

    def __init__(self) -> None:
        self._calls: list[_Call] = []

    def add(self, delta: dict[str, Any]) -> None:
        """Add the parts in *delta*, of a choice."""
        parts = delta.get("tool_calls")
        for part in parts if isinstance(parts, list) else []:
            if isinstance(part, dict):
                self._part(part, part.get("function"))
        old = delta.get("function_call")  # the older form, with a single call
        if isinstance(old, dict):
            self._part({"index": 0}, old)

    def _part(self, part: dict[str, Any], function: object) -> None:
        fields = function if isinstance(function, dict) else {}
        name, arguments = _text(fields.get("name")), fields.get("arguments")
        call = self._call_of(part.get("index"), _text(part.get("id")), name)
        if call is None:
            return
        if isinstance(arguments, dict):
            call.arguments = json.dumps(arguments, ensure_ascii=False)
        elif isinstance(arguments, str) and len(call.arguments) <= MOST_ARGUMENT_CHARS:
            call.arguments += arguments

    def _call_of(self, index: object, call_id: str, name: str) -> _Call | None:
        """Return the call of a part, a new one if it begins one; None: too many calls."""
        known = [call for call in self._calls if call.index == index] if index is not None else []
        if call_id and index is None:
            known = [call for call in self._calls if call.id == call_id]
        last = known[-1] if known else None
        if last is None and not name:
            return self._calls[-1] if self._calls else None
        is_new = last is None or (
            bool(name) and (call_id != last.id if call_id and last.id else last.is_whole)
        )
        if not is_new:
            return last
        if len(self._calls) >= MOST_CALLS:
            return None
        self._calls.append(_Call(index, call_id, name))
        return self._calls[-1]

    @property
    def are_whole(self) -> bool:
        """Return whether the arguments of all calls are complete JSON objects, or empty."""
        return all(call.is_whole for call in self._calls if call.arguments)

    @property
    def calls(self) -> list[FunctionCall]:
        return [FunctionCall(call.name, call.arguments or "{}") for call in self._calls]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
