"""The tools of one call without its model: calls in, effects out."""

from __future__ import annotations

from typing import Any

import msgspec

from edge.core.messages.effects import Effect, Outbox, Publish
from edge.core.messages.inputs import ClientToolResult
from edge.core.response.tools import Tools
from edge.core.session.current_config import CurrentConfig
from edge.core.session.history import History
from edge.core.session.tool_steps import ToolSteps
from schemas import events as ev
from schemas.session_config import SessionConfig, ToolUse
from schemas.tools import END_CALL, ToolConfig, transfer_tool

NOW_MS = 1_000_000
BOOK = ToolConfig(name="book", description="Book a table.", timeout_ms=5000)
HOOK = ToolConfig(name="hook", kind="webhook", target="https://a.example", timeout_ms=8000)
SHOW = ToolConfig(name="show", kind="client", cancel=True)
KEEP = ToolConfig(name="keep", kind="client")
TRANSFER = transfer_tool({"sales": "Sells.", "vault": ""})
ALIEN = ToolConfig(name="alien", kind="builtin")
THEIR_TRANSFER = msgspec.structs.replace(TRANSFER, kind="client")
TOOLS = (BOOK, HOOK, SHOW, KEEP, END_CALL, TRANSFER, ALIEN)


def head(at_ms: int = NOW_MS) -> dict[str, Any]:
    return {"tenant": "t", "session": "s", "at_ms": at_ms}


def call_of(name: str, arguments: str = "{}", *, number: int = 0, step: int = 0) -> ev.ToolCalled:
    return ev.ToolCalled(
        **head(),
        turn=3,
        step=step,
        call=number,
        name=name,
        arguments=arguments,
        model="m",
        took_ms=1.0,
    )


class Bench:
    """The tools of one call, and the steps of its turn 3."""

    def __init__(self, *tools: ToolConfig, most_steps: int = 3) -> None:
        self.config = SessionConfig(tools=tools or TOOLS, tool_use=ToolUse(max_steps=most_steps))
        self.history = History()
        self.out = Outbox("t", "s", self.history.summary)
        self.tools = Tools(CurrentConfig(self.config), self.history, self.out)
        self.steps = ToolSteps()

    def run(self, *calls: ev.ToolCalled, now_ms: int = NOW_MS) -> list[Effect]:
        for call in calls:
            self.steps.read(call)
        self.tools.run(self.steps, now_ms)
        return self.out.take()

    def tell(self, call: str, result: str = "1", *, failed: bool = False) -> list[Effect]:
        report = ClientToolResult(call, result, failed)
        if event := self.tools.client_result(self.steps, report, NOW_MS + 40):
            self.steps.read(event)
        return self.out.take()


def events(effects: list[Effect]) -> list[ev.Event]:
    return [one.event for one in effects if isinstance(one, Publish)]


def failure(effects: list[Effect]) -> tuple[str, str]:
    """Return the reason and the detail of the only effect, a failed call."""
    (effect,) = effects
    assert isinstance(effect, Publish)
    assert isinstance(effect.event, ev.ToolFailed)
    assert effect.event.by_edge
    return effect.event.reason, effect.event.detail
