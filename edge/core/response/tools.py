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
    ToolConfig,
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
            self._run(steps, called, now_ms)

    def run_on(self, steps: ToolSteps, now_ms: int) -> None:
        """Continue the calls of a turn that began on another edge."""
        for request in steps.running:
            self._start(request)
        self.run(steps, now_ms)

    def _run(self, steps: ToolSteps, called: ev.ToolCalled, now_ms: int) -> None:
        tool = next((tool for tool in self._config.current.tools if tool.name == called.name), None)
        if called.step >= self._config.current.tool_use.max_steps:
            self._fail(steps, called, "unknown", "no tool may be called any more", now_ms)
            return
        if tool is None or (
            tool.kind == "builtin" and tool.name not in {*BUILT_IN_RESULTS, TRANSFER}
        ):
            self._fail(steps, called, "unknown", "there is no such tool", now_ms)
            return
        arguments = _arguments(called.arguments)
        if arguments is None:
            self._fail(steps, called, "invalid", "the arguments are not a JSON object", now_ms)
            return
        if tool.is_transfer and _target(arguments) not in transfer_targets(tool):
            known = ", ".join(transfer_targets(tool))
            self._fail(steps, called, "invalid", f"agent is one of: {known}", now_ms)
            return
        request = self._request(called, tool, arguments, now_ms)
        steps.note(request)
        self._start(request)
        if tool.kind == "builtin" and not tool.is_transfer:
            self._return(steps, request, BUILT_IN_RESULTS[tool.name], now_ms)

    def _request(
        self, called: ev.ToolCalled, tool: ToolConfig, arguments: str, now_ms: int
    ) -> ev.ToolRequested:
        request = ev.ToolRequested(
            **self._out.head(now_ms),
            turn=called.turn,
            step=called.step,
            call=called.call,
            tool=tool,
            arguments=arguments,
            deadline_ms=now_ms + tool.deadline_ms,
            recorded=("tool",) if tool.kind in {"client", "builtin"} else (),
        )
        return self._out.publish(request)

    def _start(self, request: ev.ToolRequested) -> None:
        """Pass a request to the client or to the shell, if one of them runs it."""
        if request.tool.kind == "client":
            call = ClientToolCalled(id_of(request), request.tool.name, request.arguments)
            self._out.tell(call)
        elif request.tool.is_transfer:
            self._out.transfer(id_of(request), _target(request.arguments))

    def cancel(self, steps: ToolSteps) -> None:
        """Tell the client which of its calls were cancelled with their turn."""
        for request in steps.running:
            if request.tool.kind == "client" and request.tool.cancel:
                self._out.tell(ClientToolCancelled(id_of(request)))

    # -------------------------------------------------------- results

    def client_result(self, steps: ToolSteps | None, report: ClientToolResult, now_ms: int) -> None:
        """Take a client's result for a call in *steps*, or for a background call."""
        running = (*(steps.running if steps else ()), *self._history.background_calls.values())
        request = next((request for request in running if id_of(request) == report.call), None)
        if request is None:
            return  # too late, or an unknown call
        if report.failed:
            self._fail(steps, request, "refused", report.result, now_ms)
        elif len(report.result.encode()) > MOST_RESULT_BYTES:
            detail = f"the result is longer than {MOST_RESULT_BYTES} bytes"
            self._fail(steps, request, "invalid", detail, now_ms)
        else:
            self._return(steps, request, report.result, now_ms)

    def expire(self, steps: ToolSteps, now_ms: int) -> None:
        """Give up the calls without a result in time."""
        for request in steps.running:
            if now_ms >= request.deadline_ms + TOOL_GRACE_MS:
                self._fail(steps, request, "timeout", "it did not answer in time", now_ms)

    def due_ms(self, steps: ToolSteps) -> int | None:
        """The time of the next `expire`, Unix ms, or None if nothing runs."""
        return min((one.deadline_ms + TOOL_GRACE_MS for one in steps.running), default=None)

    def _return(
        self, steps: ToolSteps | None, request: ev.ToolRequested, result: str, now_ms: int
    ) -> None:
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
        self._enter_result(steps, self._out.publish(returned))

    def _fail(
        self,
        steps: ToolSteps | None,
        call: ev.ToolCalled | ev.ToolRequested,
        reason: ToolFailure,
        detail: str,
        now_ms: int,
    ) -> None:
        """Publish the failure of a call that runs, or is refused."""
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
        self._enter_result(steps, self._out.publish(failed))

    def _enter_result(self, steps: ToolSteps | None, result: Result) -> None:
        if not self._history.take_late(result) and steps is not None:
            steps.note(result)


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
