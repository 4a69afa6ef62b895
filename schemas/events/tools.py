"""A tool is called, run and answers, or does not."""

from __future__ import annotations

from schemas.events.event import Event, StageName
from schemas.tools import ToolConfig, ToolFailure


class ToolCalled(Event, frozen=True, kw_only=True, tag="tool.called"):
    """LLM -> edge: the model calls a tool; nobody runs it before the turn is committed."""

    KIND = "say"
    KEY = ("turn", "step", "call")
    turn: int
    step: int
    call: int
    """Counts the calls of a step from 0."""
    name: str
    arguments: str
    """JSON, most likely: a model may write anything."""
    model: str
    took_ms: float
    """From taking the job to this call."""


class ToolRequested(Event, frozen=True, kw_only=True, tag="tool.requested"):
    """Edge -> tool runner: the turn is committed, and this call of it is to be run."""

    KIND = "tool"
    KEY = ("turn", "step", "call")
    turn: int
    step: int
    call: int
    tool: ToolConfig
    arguments: str
    """A JSON object."""
    deadline_ms: int
    """Unix time, ms, after which nobody waits for the result."""
    recorded: tuple[StageName, ...] = ()
    """Stages that a replay answers from the record: for a worker of these this is no job."""


class ToolBegun(Event, frozen=True, kw_only=True, tag="tool.begun"):
    """Tool runner -> tool runners: a call that must not run twice is about to."""

    KIND = "out"
    KEY = ("turn", "step", "call")
    turn: int
    step: int
    call: int
    runner: str
    """The attempt that runs it: no other may."""


class ToolReturned(Event, frozen=True, kw_only=True, tag="tool.returned"):
    """Tool runner or edge -> edge: the result of a call."""

    KIND = "out"
    KEY = ("turn", "step", "call")
    turn: int
    step: int
    call: int
    name: str
    result: str
    """JSON, or text: the model is told it as it is."""
    took_ms: float
    """From taking the job to the result."""
    by_edge: bool = False
    """The edge tells it: the tool is the client's or built in."""


class ToolFailed(Event, frozen=True, kw_only=True, tag="tool.failed"):
    """Tool runner or edge -> edge: a call has no result, and the model is told why."""

    KIND = "out"
    KEY = ("turn", "step", "call")
    turn: int
    step: int
    call: int
    name: str
    reason: ToolFailure
    detail: str = ""
    """In words for the model."""
    took_ms: float = 0.0
    by_edge: bool = False
    """The edge tells it: nobody was asked, or nobody else told."""
