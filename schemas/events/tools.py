"""A tool is called and run; it returns a result or fails."""

from schemas.events.event import Event, StageName
from schemas.tools import ToolConfig, ToolFailure


class ToolCalled(Event, frozen=True, kw_only=True, tag="tool.called"):
    """LLM -> edge: the model calls a tool; the call is only run once the turn is committed."""

    KIND = "say"
    KEY = ("turn", "step", "call")
    turn: int
    step: int
    call: int
    name: str
    """The name of the tool."""
    arguments: str
    """Usually JSON, but a model may write anything."""
    model: str
    """The name of the language model."""
    took_ms: float
    """Time from taking the job to this call, ms."""


class ToolRequested(Event, frozen=True, kw_only=True, tag="tool.requested"):
    """Edge -> tool runner: the turn is committed; run this call."""

    KIND = "tool"
    KEY = ("turn", "step", "call")
    turn: int
    step: int
    call: int
    tool: ToolConfig
    """The tool, as it was configured for the session."""
    arguments: str
    """The arguments, a JSON object."""
    deadline_ms: int
    """Unix time, ms, after which the result is no longer needed."""
    recorded: tuple[StageName, ...] = ()


class ToolBegun(Event, frozen=True, kw_only=True, tag="tool.begun"):
    """Tool runner -> tool runners: a call that must not run twice is about to run."""

    KIND = "out"
    KEY = ("turn", "step", "call")
    turn: int
    step: int
    call: int
    runner: str
    """The attempt that runs it; no other attempt may."""


class ToolReturned(Event, frozen=True, kw_only=True, tag="tool.returned"):
    """Tool runner or edge -> edge: the result of a call."""

    KIND = "out"
    KEY = ("turn", "step", "call")
    turn: int
    step: int
    call: int
    name: str
    """The name of the tool."""
    result: str
    """JSON or text; the model gets it as it is."""
    took_ms: float
    """Time from taking the job to the result, ms."""
    by_edge: bool = False
    """Whether the edge published it, since the tool is the client's or built in."""


class ToolFailed(Event, frozen=True, kw_only=True, tag="tool.failed"):
    """Tool runner or edge -> edge: a call has failed, and the model is told why."""

    KIND = "out"
    KEY = ("turn", "step", "call")
    turn: int
    step: int
    call: int
    name: str
    """The name of the tool."""
    reason: ToolFailure
    """The reason: `timeout`, no result before the deadline; `refused`, an error of the tool;
    `unknown`, no such tool, or no service for it; `invalid`, invalid arguments or an invalid
    result; `unknown_outcome`, the call may have run and its result is lost; `cancelled`, the turn
    was cancelled."""
    detail: str = ""
    """The reason, in words for the model."""
    took_ms: float = 0.0
    by_edge: bool = False
    """Whether the edge published it, since no tool runner did."""
