"""The tools of one response: its calls, and what caller and client were told of them. Pure."""

from dataclasses import dataclass, field

from edge.core.session.tool_steps import ToolSteps
from schemas.events import ResponseCompleted, ToolReturned
from schemas.tools import END_CALL


@dataclass
class ToolState:
    """The tool calls of one response."""

    steps: ToolSteps = field(default_factory=ToolSteps)
    unreported: ResponseCompleted | None = None
    """The end of the current step, until the client knows that all its calls are known."""
    was_told_to_wait: bool = False
    """Whether the caller was told to wait for a tool."""

    @property
    def ends_call(self) -> bool:
        """Whether the call ends with the response, since the model has called for that."""
        return self.steps.has_called(END_CALL.name)

    @property
    def has_transferred(self) -> bool:
        """Whether a call of the current step has transferred the caller to another agent."""
        return any(
            call.requested
            and call.requested.tool.is_transfer
            and isinstance(call.result, ToolReturned)
            for call in self.steps.current_calls
        )
