"""The tools of a call: passes tool calls to their runners, and results to the model.

A tool call is run once its turn is committed. Most calls go to a tool runner over the bus, some to
the client; built-in tools are run here.
"""

import json
from typing import Any

from edge.core.messages.client_events import ClientToolCalled, ClientToolCancelled
from edge.core.messages.effects import Outbox
from edge.core.messages.inputs import ClientToolResult
from edge.core.session.current_config import CurrentConfig
from edge.core.session.history import History
from edge.core.session.tool_steps import Result, StepCall, ToolSteps, key_of
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
        for call in steps.current_calls:
            if not call.is_done_or_running:
                self._run(steps, call, now_ms)

    def run_on(self, steps: ToolSteps, now_ms: int) -> None:
        """Continue the calls of a turn that began on another edge."""
        for call in steps.running:
            if call.tool and call.tool.kind == "client":
                self._tell(call)
            elif call.tool and call.tool.is_transfer:
                self._transfer(call)
        self.run(steps, now_ms)

    def _run(self, steps: ToolSteps, call: StepCall, now_ms: int) -> None:
        name = call.called.name
        tool = next((tool for tool in self._config.current.tools if tool.name == name), None)
        if call.called.step >= self._config.current.tool_use.max_steps:
            self._fail(steps, call, "unknown", "no tool may be called any more", now_ms)
            return
        if tool is None or (
            tool.kind == "builtin" and tool.name not in {*BUILT_IN_RESULTS, TRANSFER}
        ):
            self._fail(steps, call, "unknown", "there is no such tool", now_ms)
            return
        arguments = _arguments(call.called.arguments)
        if arguments is None:
            self._fail(steps, call, "invalid", "the arguments are not a JSON object", now_ms)
            return
        if tool.is_transfer and _target(arguments) not in transfer_targets(tool):
            known = ", ".join(transfer_targets(tool))
            self._fail(steps, call, "invalid", f"agent is one of: {known}", now_ms)
            return
        steps.read(self._request(call, tool, arguments, now_ms))
        if tool.kind == "client":
            self._tell(call)
        elif tool.is_transfer:
            self._transfer(call)
        elif tool.kind == "builtin":
            self._return(steps, call, BUILT_IN_RESULTS[tool.name], now_ms)

    def _request(
        self, call: StepCall, tool: ToolConfig, arguments: str, now_ms: int
    ) -> ev.ToolRequested:
        turn, step, number = key_of(call.called)
        requested = ev.ToolRequested(
            **self._out.head(now_ms),
            turn=turn,
            step=step,
            call=number,
            tool=tool,
            arguments=arguments,
            deadline_ms=now_ms + tool.deadline_ms,
            recorded=("tool",) if tool.kind in {"client", "builtin"} else (),
        )
        return self._out.publish(requested)

    def _tell(self, call: StepCall) -> None:
        arguments = _arguments(call.called.arguments) or "{}"
        self._out.tell(ClientToolCalled(call.id, call.called.name, arguments))

    def _transfer(self, call: StepCall) -> None:
        self._out.transfer(call.id, _target(call.called.arguments))

    def cancel(self, steps: ToolSteps) -> None:
        """Tell the client which of its calls were cancelled with their turn."""
        for call in steps.running:
            if call.tool and call.tool.kind == "client" and call.tool.cancel:
                self._out.tell(ClientToolCancelled(call.id))

    # -------------------------------------------------------- results

    def client_result(self, steps: ToolSteps | None, report: ClientToolResult, now_ms: int) -> None:
        """Take a client's result for a call in *steps*, or for a background call."""
        background = map(StepCall, self._history.background_calls.values())
        running = (*(steps.running if steps else ()), *background)
        call = next((call for call in running if call.id == report.call), None)
        if call is None:
            return  # too late, or an unknown call
        if report.failed:
            self._fail(steps, call, "refused", report.result, now_ms)
        elif len(report.result.encode()) > MOST_RESULT_BYTES:
            detail = f"the result is longer than {MOST_RESULT_BYTES} bytes"
            self._fail(steps, call, "invalid", detail, now_ms)
        else:
            self._return(steps, call, report.result, now_ms)

    def expire(self, steps: ToolSteps, now_ms: int) -> None:
        """Give up the calls without a result in time."""
        for call in steps.running:
            if (at_ms := call.expires_ms) is not None and now_ms >= at_ms + TOOL_GRACE_MS:
                self._fail(steps, call, "timeout", "it did not answer in time", now_ms)

    def due_ms(self, steps: ToolSteps) -> int | None:
        """The time of the next `expire`, Unix ms, or None if nothing runs."""
        times = [call.expires_ms for call in steps.running]
        return min((at_ms + TOOL_GRACE_MS for at_ms in times if at_ms is not None), default=None)

    def _return(self, steps: ToolSteps | None, call: StepCall, result: str, now_ms: int) -> None:
        name, common = call.called.name, self._common_fields(call, now_ms)
        returned = ev.ToolReturned(**common, name=name, result=result)
        self._enter_result(steps, self._out.publish(returned))

    def _fail(
        self, steps: ToolSteps | None, call: StepCall, reason: ToolFailure, detail: str, now_ms: int
    ) -> None:
        name, common = call.called.name[:64], self._common_fields(call, now_ms)
        failed = ev.ToolFailed(**common, name=name, reason=reason, detail=detail[:500])
        self._enter_result(steps, self._out.publish(failed))

    def _common_fields(self, call: StepCall, now_ms: int) -> dict[str, Any]:
        """Return the fields of a result and of a failure of *call*, without its name."""
        turn, step, number = key_of(call.called)
        took_ms = float(now_ms - (call.requested_ms or now_ms))
        numbers = {"turn": turn, "step": step, "call": number}
        return {**self._out.head(now_ms), **numbers, "took_ms": took_ms, "by_edge": True}

    def _enter_result(self, steps: ToolSteps | None, result: Result) -> None:
        if not self._history.take_late(result) and steps is not None:
            steps.read(result)


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
