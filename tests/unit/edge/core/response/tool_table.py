"""A call whose model has tools, and what the model and the tools do in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edge.core.messages.inputs import Typed
from schemas import events as ev
from schemas.tools import END_CALL, ToolConfig
from tests.unit.edge.core.rehearsal import Rehearsal

BOOK = ToolConfig(name="book", description="Book a table.", timeout_ms=5000)
ASK = ToolConfig(name="ask", idempotent=True, cancel=True, timeout_ms=5000)
SHOW = ToolConfig(name="show", kind="client", cancel=True)
TOOLS = (BOOK, ASK, SHOW, END_CALL)


class Table(Rehearsal):
    """A call whose model has tools."""

    def __init__(self, tools: Sequence[ToolConfig] = TOOLS, **changes: Any) -> None:
        super().__init__("sentences", tools=[_wire(tool) for tool in tools], **changes)

    def types(self, text: str = "A table for two, please.") -> ev.TurnTaken:
        self.give(Typed(text))
        return self.asked

    @property
    def asked(self) -> ev.TurnTaken:
        return self.events(ev.TurnTaken)[-1]

    def calls(self, *calls: tuple[str, str], words: tuple[str, ...] = (), end: bool = True) -> None:
        """The LLM writes *words* and calls, as the whole of the present step."""
        taken = self.asked
        for k, text in enumerate(words):
            self.event(
                ev.ResponseSentence,
                turn=taken.turn,
                index=taken.first_index + k,
                text=text,
                first_token_ms=1.0,
                took_ms=1.0,
                model="m",
                deadline_ms=0,
            )
        for number, (name, arguments) in enumerate(calls):
            self.event(
                ev.ToolCalled,
                turn=taken.turn,
                step=taken.step,
                call=number,
                name=name,
                arguments=arguments,
                model="m",
                took_ms=1.0,
            )
        if end:
            self.event(
                ev.ResponseCompleted,
                turn=taken.turn,
                sentences=taken.first_index + len(words),
                text=" ".join(words),
                model="m",
                prompt_tokens=1,
                completion_tokens=1,
                took_ms=1.0,
                step=taken.step,
                calls=len(calls),
            )

    def says_words(self, *words: str) -> None:
        """The LLM ends the response with *words*."""
        self.calls(words=words)

    def returns(self, result: str, call: int = 0, *, step: int = 0, turn: int = 0) -> None:
        self.event(
            ev.ToolReturned,
            turn=turn or self.asked.turn,
            step=step,
            call=call,
            name="book",
            result=result,
            took_ms=2.0,
        )

    def fails(self, reason: str, call: int = 0, *, step: int = 0) -> None:
        self.event(
            ev.ToolFailed,
            turn=self.asked.turn,
            step=step,
            call=call,
            name="book",
            reason=reason,
            detail="why",
        )

    @property
    def requested(self) -> list[str]:
        return [one.tool.name for one in self.events(ev.ToolRequested)]


def _wire(tool: ToolConfig) -> dict[str, Any]:
    import msgspec  # noqa: PLC0415  # only here

    found: dict[str, Any] = msgspec.to_builtins(tool)
    return found
