"""The tools of a call: passes tool calls to their runners, and results to the model.

A tool call is run once its turn is committed. Most calls go to a tool runner over the bus, some to
the client; built-in tools are run here.
"""

import json

from edge.core.messages.client_events import ClientToolCalled, ClientToolCancelled
from edge.core.messages.effects import Outbox
from edge.core.messages.inputs import ClientToolResult
from edge.core.session.current_config import CurrentConfig
from edge.core.session.history import History
from edge.core.session.step_call import Result, id_of
from edge.core.session.tool_steps import ToolSteps
from schemas import events as ev
from schemas.tools import (
    END_CALL,
    MOST_ARGUMENT_CHARS,
    MOST_RESULT_BYTES,
    TRANSFER,
    ToolFailure,
    ToolFunction,
    functions_of,
    transfer_targets,
)

TOOL_GRACE_MS = 500
"""The time after a call's deadline for the runner's report; then the edge gives
the call up."""
BUILT_IN_RESULTS = {END_CALL.name: '{"status": "the call ends after your next words: say goodbye"}'}
"""The built-in tools, and the result that the model gets from each."""


class Tools:
    """Runs tool calls and takes their results, for all turns."""

    def __init__(self, config: CurrentConfig, history: History, out: Outbox) -> None:
        self._history = history
        self._out = out
        self._config = config

    def offered(self, step: int) -> tuple[ToolFunction, ...]:
        """Return the tools for *step*; the last step gets none."""
        if step >= self._config.current.tool_use.max_steps:
            return ()
        return functions_of(self._config.current.tools)

    # -------------------------------------------------------- calls

    def run(self, steps: ToolSteps, now_ms: int) -> None:
        """Run the pending calls of the current step; their turn is committed."""
        for called in steps.pending:
            event = self._request(called, now_ms)
            steps.read(event)
            if isinstance(event, ev.ToolRequested):
                self._start(steps, event, now_ms)

    def run_on(self, steps: ToolSteps, now_ms: int) -> None:
        """Continue the calls of a turn that began on another edge."""
        for request in steps.running:
            self._start(steps, request, now_ms)
        self.run(steps, now_ms)

    def _request(self, called: ev.ToolCalled, now_ms: int) -> ev.ToolRequested | ev.ToolFailed:
        """Return the published request of a call, or its failure if it is refused."""
        tool = next((tool for tool in self._config.current.tools if tool.name == called.name), None)
        if called.step >= self._config.current.tool_use.max_steps:
            return self._fail(called, "unknown", "no tool may be called any more", now_ms)
        if tool is None or (
            tool.kind == "builtin" and tool.name not in {*BUILT_IN_RESULTS, TRANSFER}
        ):
            return self._fail(called, "unknown", "there is no such tool", now_ms)
        arguments = _arguments(called.arguments)
        if arguments is None:
            return self._fail(called, "invalid", "the arguments are not a JSON object", now_ms)
        if tool.is_transfer and _target(arguments) not in transfer_targets(tool):
            known = ", ".join(transfer_targets(tool))
            return self._fail(called, "invalid", f"agent is one of: {known}", now_ms)
        requested = ev.ToolRequested(
            **self._out.head(now_ms),
            turn=called.turn,
            step=called.step,
            call=called.call,
            tool=tool,
            arguments=arguments,
            deadline_ms=now_ms + tool.timeout_ms,
            recorded=("tool",) if tool.kind in {"client", "builtin"} else (),
        )
        return self._out.publish(requested)

    def _start(self, steps: ToolSteps, request: ev.ToolRequested, now_ms: int) -> None:
        """Start a call that no tool runner takes."""
        name, call = request.tool.name, id_of(request)
        if request.tool.kind == "client":
            self._out.tell(ClientToolCalled(call, name, request.arguments))
        elif request.tool.is_transfer:
            self._out.transfer(call, _target(request.arguments))
        elif request.tool.kind == "builtin" and name in BUILT_IN_RESULTS:
            steps.read(self._return(request, BUILT_IN_RESULTS[name], now_ms))

    def cancel(self, steps: ToolSteps) -> None:
        """Tell the client which of its calls were cancelled with their turn."""
        for request in steps.running:
            if request.tool.kind == "client" and request.tool.cancel:
                self._out.tell(ClientToolCancelled(id_of(request)))

    # -------------------------------------------------------- results

    def client_result(
        self, steps: ToolSteps | None, report: ClientToolResult, now_ms: int
    ) -> Result | None:
        """Return the published result of a call in *steps* or in the background; None: too late."""
        running = (*(steps.running if steps else ()), *self._history.background_calls.values())
        request = next((request for request in running if id_of(request) == report.call), None)
        if request is None:
            return None
        if report.failed:
            return self._fail(request, "refused", report.result, now_ms)
        if len(report.result.encode()) > MOST_RESULT_BYTES:
            detail = f"the result is longer than {MOST_RESULT_BYTES} bytes"
            return self._fail(request, "invalid", detail, now_ms)
        return self._return(request, report.result, now_ms)

    def expire(self, steps: ToolSteps, now_ms: int) -> None:
        """Give up the calls without a result in time."""
        for request in steps.running:
            if now_ms >= request.deadline_ms + TOOL_GRACE_MS:
                steps.read(self._fail(request, "timeout", "it did not answer in time", now_ms))

    def due_ms(self, steps: ToolSteps) -> int | None:
        """The time of the next `expire`, Unix ms, or None if nothing runs."""
        return min((one.deadline_ms + TOOL_GRACE_MS for one in steps.running), default=None)

    def _return(self, request: ev.ToolRequested, result: str, now_ms: int) -> ev.ToolReturned:
        returned = ev.ToolReturned(
            **self._out.head(now_ms),
            turn=request.turn,
            step=request.step,
            call=request.call,
            name=request.tool.name,
            result=result,
            took_ms=float(now_ms - request.at_ms),
            by_edge=True,
        )
        return self._out.publish(returned)

    def _fail(
        self, call: ev.ToolCalled | ev.ToolRequested, reason: ToolFailure, detail: str, now_ms: int
    ) -> ev.ToolFailed:
        """Return the published failure of a call that runs, or is refused."""
        if isinstance(call, ev.ToolRequested):
            name, took_ms = call.tool.name, float(now_ms - call.at_ms)
        else:
            name, took_ms = call.name[:64], 0.0
        failed = ev.ToolFailed(
            **self._out.head(now_ms),
            turn=call.turn,
            step=call.step,
            call=call.call,
            name=name,
            reason=reason,
            detail=detail[:500],
            took_ms=took_ms,
            by_edge=True,
        )
        return self._out.publish(failed)


def _reject_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _target(arguments: str) -> str:
    """Return the agent named in a call of `transfer`."""
    return str(json.loads(arguments).get("agent", ""))


def _arguments(text: str) -> str | None:
    """Return the JSON object in *text* ({} if it is empty), or None if it is none."""
    if len(text) > MOST_ARGUMENT_CHARS:
        return None
    try:
        found = json.loads(text, parse_constant=_reject_constant) if text.strip() else {}
        json.dumps(found, ensure_ascii=False).encode()  # half a character has no encoding
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    return text if found else "{}"
