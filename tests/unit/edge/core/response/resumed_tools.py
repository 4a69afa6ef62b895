"""The log of a call with tools, and the call at another edge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edge.core.messages.inputs import Resumed
from edge.core.session.history import fold
from schemas import events as ev
from schemas.tools import ToolConfig
from tests.unit.edge.core.response.tool_table import TOOLS, Table


def log_of(r: Table, *stages: ev.Event) -> list[ev.Event]:
    return [r.call.began, *r.events(ev.Event), *stages]


def resumed(events: list[ev.Event], tools: Sequence[ToolConfig] = TOOLS, **changes: Any) -> Table:
    history = fold(events)
    assert history.unfinished
    return Table(tools, history=history, begins=Resumed(), **changes)


def stage_events(r: Table, name: str = "book", arguments: str = "{}") -> list[ev.Event]:
    """Return what the LLM wrote in `r`, which called *name* once in its first step."""
    head: Any = {"tenant": "t", "session": "s", "at_ms": r.now_ms, "turn": 1}
    called = ev.ToolCalled(
        **head, step=0, call=0, name=name, arguments=arguments, model="m", took_ms=1.0
    )
    completed = ev.ResponseCompleted(
        **head,
        sentences=0,
        text="",
        model="m",
        prompt_tokens=0,
        completion_tokens=0,
        took_ms=0.0,
        calls=1,
    )
    return [called, completed]
