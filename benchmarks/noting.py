"""A call with its journal and its log beside it, as an edge keeps them, where there is no edge."""

from __future__ import annotations

from typing import Any

from edge.core.call import Call
from edge.core.input_log import InputLog
from schemas import events as ev


class Noting:
    """A call that notes what it is given first, and logs what it decides.

    It stands in for the call: the same methods. What the stages say is logged when it is heard.
    """

    def __init__(self, call: Call, journal: InputLog, log: list[ev.AnyEvent]) -> None:
        self._call, self._journal, self._log = call, journal, log

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._call, name)
        if name not in {"start", "hear", "tick", "receive", "finish"}:
            return method

        def noted_first(*args: Any) -> Any:
            what, now_ms = (None, args[0]) if len(args) == 1 else args
            if self._journal.due(now_ms):
                self._log.append(self._journal.take(now_ms))
            self._journal.note(name, what, now_ms)
            if isinstance(what, ev.AnyEvent):
                self._log.append(what)
            effects = method(*args)
            self._log += [one.event for one in effects if hasattr(one, "event")]
            return effects

        return noted_first
