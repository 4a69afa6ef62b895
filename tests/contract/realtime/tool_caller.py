"""A Realtime client with a tool, and the model's calls of it."""

from __future__ import annotations

from typing import Any

from schemas import events as ev
from tests.contract.realtime.caller import RealtimeCaller

TOOL = {
    "type": "function",
    "name": "show_menu",
    "description": "Show the menu.",
    "parameters": {"type": "object", "properties": {"page": {"type": "integer"}}},
}
CREATE: dict[str, Any] = {"type": "response.create"}


def equipped(**more: Any) -> RealtimeCaller:
    c = RealtimeCaller()
    c.send({"type": "session.update", "session": {"type": "realtime", "tools": [TOOL], **more}})
    return c


def calls(c: RealtimeCaller, *arguments: str, step: int = 0) -> None:
    """The model calls the tool, once for each of *arguments*."""
    turn = c.r.events(ev.TurnTaken)[-1].turn
    for number, given in enumerate(arguments):
        c.r.event(
            ev.ToolCalled,
            turn=turn,
            step=step,
            call=number,
            name="show_menu",
            arguments=given,
            model="m",
            took_ms=1.0,
        )
    c.r.event(
        ev.ResponseCompleted,
        turn=turn,
        sentences=len(c.r.events(ev.ResponseSentence)),
        text="",
        model="m",
        prompt_tokens=7,
        completion_tokens=3,
        took_ms=1.0,
        step=step,
        calls=len(arguments),
    )
    c.look()


def goes_on(c: RealtimeCaller, text: str, step: int = 1) -> None:
    """The model answers in words after the results."""
    turn = c.r.events(ev.TurnTaken)[-1].turn
    times: dict[str, Any] = {"first_token_ms": 1.0, "took_ms": 1.0, "deadline_ms": 0}
    c.r.event(ev.ResponseSentence, turn=turn, index=0, text=text, model="m", **times)
    c.r.event(
        ev.ResponseCompleted,
        turn=turn,
        sentences=1,
        text=text,
        model="m",
        prompt_tokens=9,
        completion_tokens=4,
        took_ms=1.0,
        step=step,
    )
    c.r.speaks(0, 500, turn=turn)
    c.look()
    c.quiet(1000)


def result(c: RealtimeCaller, call: dict[str, Any], output: str) -> None:
    item = {"type": "function_call_output", "call_id": call["call_id"], "output": output}
    c.send({"type": "conversation.item.create", "item": item})
