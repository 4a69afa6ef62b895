"""The steps of one turn, built from events: the model's tool calls and their results.

A step begins with the results of all calls of the step before; the last step has no calls.
"""

from dataclasses import dataclass, field
from itertools import groupby

import msgspec

from edge.core.session.step_call import (
    CALLED,
    DONE,
    RUNNING,
    Result,
    StepCall,
    id_of,
    result_text,
)
from schemas import events as ev
from schemas.events import Message, ToolCall
from schemas.tools import END_CALL

MOST_KEPT_CHARS = 2000
"""The most characters of a result in later turns. Whole results in a history of forty messages
would fill a job and the log."""


@dataclass
class ToolSteps:
    """The tool calls of one turn by step, and the model's current step."""

    step: int = 0
    calls: dict[tuple[int, int], StepCall] = field(default_factory=dict)
    """The calls by step and number."""
    texts: dict[int, str] = field(default_factory=dict)
    """The model's words in each step that ended with calls."""

    def read(self, event: ev.Event) -> None:
        """Read *event* of the same turn; a repeated event changes nothing."""
        match event:
            case ev.TurnTaken(step=step):
                self.step = max(self.step, step)
            case ev.ToolCalled(step=step, call=number) if step == self.step:
                self.calls.setdefault((step, number), StepCall(event))
            case ev.ToolRequested(step=step, call=number):
                call = self.calls.get((step, number))
                if call and call.phase is CALLED:
                    call.request(event)
            case ev.ToolReturned(step=step, call=number) | ev.ToolFailed(step=step, call=number):
                call = self.calls.get((step, number))
                if call and call.phase is not DONE:
                    call.end(event)
            case ev.ResponseCompleted(step=step, calls=calls, text=text) if calls:
                self.texts.setdefault(step, text)
            case _:
                pass

    @property
    def current_calls(self) -> list[StepCall]:
        """The calls of the current step in order."""
        return [self.calls[key] for key in sorted(self.calls) if key[0] == self.step]

    @property
    def pending(self) -> list[ev.ToolCalled]:
        """The calls of the current step that wait for the commit of the turn."""
        return [call.called for call in self.current_calls if call.phase is CALLED]

    @property
    def running(self) -> list[ev.ToolRequested]:
        """The requests of the running calls."""
        return [
            call.requested
            for call in self.calls.values()
            if call.requested and call.phase is RUNNING
        ]

    @property
    def ends_call(self) -> bool:
        """Whether the model has called for the end of the call in a step that is over."""
        return any(
            call.called.name == END_CALL.name and step in self.texts
            for (step, _), call in self.calls.items()
        )

    @property
    def has_transferred(self) -> bool:
        """Whether a call of the current step has transferred the caller to another agent."""
        return any(
            call.requested
            and call.requested.tool.is_transfer
            and isinstance(call.result, ev.ToolReturned)
            for call in self.current_calls
        )

    @property
    def is_used(self) -> bool:
        """Whether a call was requested, whose effects cannot be undone."""
        return any(call.requested for call in self.calls.values())

    @property
    def is_whole(self) -> bool:
        """Whether the step is over and all results have arrived."""
        done = all(call.phase is DONE for call in self.current_calls)
        return self.step in self.texts and done

    def messages(self, *, with_text: bool) -> tuple[Message, ...]:
        """Return the calls that were run or refused with their results, as messages for the model.

        *with_text*: also the model's words before the calls.
        """
        found: list[Message] = []
        calls = (call for _, call in sorted(self.calls.items()) if call.phase is not CALLED)
        for step, group in groupby(calls, key=lambda call: call.called.step):
            of_step = [(id_of(call.called), call) for call in group]
            tool_calls = (
                ToolCall(name, call.called.name, call.called.arguments) for name, call in of_step
            )
            text = self.texts.get(step, "") if with_text else ""
            found.append(Message("assistant", text, calls=tuple(tool_calls)))
            found += [Message("tool", call.as_text(), call=name) for name, call in of_step]
        return tuple(found)


def shortened(message: Message) -> Message:
    """Return *message* for later turns, with a long result cut."""
    if message.role != "tool" or len(message.text) <= MOST_KEPT_CHARS:
        return message
    more = len(message.text) - MOST_KEPT_CHARS
    text = f"{message.text[:MOST_KEPT_CHARS]} ... (and {more} characters that are not kept)"
    return msgspec.structs.replace(message, text=text)


def late(requested: ev.ToolRequested, result: Result) -> tuple[Message, Message]:
    """Return the messages for a result that arrives after its turn: the call and the result."""
    again = f"{id_of(requested)}_late"
    call = ToolCall(again, requested.tool.name, requested.arguments)
    return Message("assistant", "", calls=(call,)), Message("tool", result_text(result), call=again)
