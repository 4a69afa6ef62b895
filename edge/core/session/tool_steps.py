"""The steps of one turn, built from events: the model's tool calls and their results.

A step begins with the results of all calls of the step before; the last step has no calls.
"""

import json
from dataclasses import dataclass, field

import msgspec

from schemas import events as ev
from schemas.events import Message, ToolCall
from schemas.tools import ToolConfig, call_id

STILL_RUNNING = '{"status": "still running; its result will follow"}'
MOST_KEPT_CHARS = 2000
"""The most characters of a result in later turns. Whole results in a history of forty messages
would fill a job and the log."""
Result = ev.ToolReturned | ev.ToolFailed
Key = tuple[int, int, int]
"""The identity of a call in its session: turn, step and call."""


@dataclass
class StepCall:
    """One tool call."""

    called: ev.ToolCalled
    tool: ToolConfig | None = None
    """The tool's configuration when the call was requested."""
    requested_ms: int | None = None
    """The time of the request, Unix ms, or None before it."""
    result: Result | None = None

    @property
    def id(self) -> str:
        return call_id(self.called.turn, self.called.step, self.called.call)

    @property
    def is_done_or_running(self) -> bool:
        return self.requested_ms is not None or self.result is not None

    @property
    def is_running(self) -> bool:
        return self.requested_ms is not None and self.result is None

    @property
    def expires_ms(self) -> int | None:
        """The time after which its result is too late, Unix ms, or None if it does not run."""
        if self.requested_ms is None or self.tool is None or self.result is not None:
            return None
        return self.requested_ms + self.tool.deadline_ms

    @property
    def is_background(self) -> bool:
        """Whether it goes on when its turn is interrupted."""
        return self.is_running and not (self.tool and self.tool.cancel)

    def as_text(self) -> str:
        """Return the result for the model."""
        if self.result is not None:
            return result_text(self.result)
        return STILL_RUNNING if self.is_background else '{"error": "cancelled"}'


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
            case ev.ToolRequested(step=step, call=number) if call := self.calls.get((step, number)):
                call.tool, call.requested_ms = event.tool, event.at_ms
            case ev.ToolReturned() | ev.ToolFailed():
                call = self.calls.get((event.step, event.call))
                if call and call.result is None:
                    call.result = event
            case ev.ResponseCompleted(step=step, calls=calls, text=text) if calls:
                self.texts.setdefault(step, text)
            case _:
                pass

    @property
    def current_calls(self) -> list[StepCall]:
        """The calls of the current step in order."""
        return [self.calls[key] for key in sorted(self.calls) if key[0] == self.step]

    @property
    def running(self) -> list[StepCall]:
        return [call for call in self.calls.values() if call.is_running]

    def has_called(self, name: str) -> bool:
        """Tell whether the model has called the tool *name* in a step that is over."""
        return any(
            call.called.name == name for (step, _), call in self.calls.items() if step in self.texts
        )

    @property
    def is_used(self) -> bool:
        """Whether a call was requested, whose effects cannot be undone."""
        return any(call.requested_ms is not None for call in self.calls.values())

    @property
    def is_waiting(self) -> bool:
        """Whether the model has finished the step and results are missing."""
        return self.step in self.texts and not self.is_whole

    @property
    def is_whole(self) -> bool:
        """Whether the step is over and all results have arrived."""
        return self.step in self.texts and all(call.result for call in self.current_calls)

    def messages(self, *, with_text: bool) -> tuple[Message, ...]:
        """Return the calls that were run or refused with their results, as messages for the model.

        *with_text*: also the model's words before the calls.
        """
        found: list[Message] = []
        for step in sorted({step for step, _ in self.calls}):
            calls = [
                self.calls[key]
                for key in sorted(self.calls)
                if key[0] == step and self.calls[key].is_done_or_running
            ]
            if not calls:
                continue
            tool_calls = tuple(
                ToolCall(call.id, call.called.name, call.called.arguments) for call in calls
            )
            text = self.texts.get(step, "") if with_text else ""
            found.append(Message("assistant", text, calls=tool_calls))
            found += [Message("tool", call.as_text(), call=call.id) for call in calls]
        return tuple(found)


def key_of(event: ev.ToolCalled | ev.ToolRequested | Result) -> Key:
    return (event.turn, event.step, event.call)


def result_text(result: Result) -> str:
    """Return the text of *result* for the model."""
    if isinstance(result, ev.ToolReturned):
        return result.result
    why = {"error": result.reason, **({"detail": result.detail} if result.detail else {})}
    return json.dumps(why, ensure_ascii=False)


def shortened(message: Message) -> Message:
    """Return *message* for later turns, with a long result cut."""
    if message.role != "tool" or len(message.text) <= MOST_KEPT_CHARS:
        return message
    more = len(message.text) - MOST_KEPT_CHARS
    text = f"{message.text[:MOST_KEPT_CHARS]} ... (and {more} characters that are not kept)"
    return msgspec.structs.replace(message, text=text)


def late(called: ev.ToolCalled, result: Result) -> tuple[Message, Message]:
    """Return the messages for a result that arrives after its turn: the call and the result."""
    again = f"{call_id(*key_of(called))}_late"
    call = ToolCall(again, called.name, called.arguments)
    return Message("assistant", "", calls=(call,)), Message("tool", result_text(result), call=again)
