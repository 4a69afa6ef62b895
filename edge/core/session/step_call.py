"""A tool call in a step of a turn: a pure state machine, one for each call.

    CALLED --request--> RUNNING
    CALLED, RUNNING --end--> DONE

A call that is refused was never requested. If its turn is interrupted, a running call is cancelled
or goes on in the background, as its tool says.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from runtime.moves import moved
from schemas import events as ev
from schemas.tools import call_id

STILL_RUNNING = '{"status": "still running; its result will follow"}'
Result = ev.ToolReturned | ev.ToolFailed
Key = tuple[int, int, int]
"""The identity of a call in its session: turn, step and call."""


class ToolPhase(Enum):
    """The phases of a tool call."""

    CALLED = auto()
    """The model has called it; it runs once its turn is committed."""
    RUNNING = auto()
    """It was requested, and its effects cannot be undone."""
    DONE = auto()
    """Its result is known."""


class ToolMove(Enum):
    """The moves between phases."""

    REQUEST = auto()
    END = auto()


CALLED, RUNNING, DONE = ToolPhase

TOOL_MOVES: Mapping[tuple[ToolPhase, ToolMove], ToolPhase] = {
    (CALLED, ToolMove.REQUEST): RUNNING,
    (CALLED, ToolMove.END): DONE,
    (RUNNING, ToolMove.END): DONE,
}


@dataclass
class StepCall:
    """One tool call."""

    called: ev.ToolCalled
    phase: ToolPhase = CALLED
    requested: ev.ToolRequested | None = None
    """Its request; None: it was not requested."""
    result: Result | None = None

    def request(self, event: ev.ToolRequested) -> None:
        """Note that it runs.

        Raises:
            IllegalMoveError: it was requested before, or it is done.
        """
        self.phase = moved(TOOL_MOVES, self.phase, ToolMove.REQUEST)
        self.requested = event

    def end(self, result: Result) -> None:
        """Note its result.

        Raises:
            IllegalMoveError: it is done.
        """
        self.phase = moved(TOOL_MOVES, self.phase, ToolMove.END)
        self.result = result

    def as_text(self) -> str:
        """Return the result for the model, or what becomes of it without one."""
        if self.result is not None:
            return result_text(self.result)
        ends_with_turn = self.requested is not None and self.requested.tool.cancel
        return '{"error": "cancelled"}' if ends_with_turn else STILL_RUNNING


def key_of(event: ev.ToolCalled | ev.ToolRequested | Result) -> Key:
    return (event.turn, event.step, event.call)


def id_of(event: ev.ToolCalled | ev.ToolRequested) -> str:
    """Return the id of a call, as the model and the client see it."""
    return call_id(*key_of(event))


def result_text(result: Result) -> str:
    """Return the text of *result* for the model."""
    if isinstance(result, ev.ToolReturned):
        return result.result
    why = {"error": result.reason, **({"detail": result.detail} if result.detail else {})}
    return json.dumps(why, ensure_ascii=False)
