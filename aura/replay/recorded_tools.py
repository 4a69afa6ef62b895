"""The results of a recorded session's tool calls, and the time that each took."""

from dataclasses import dataclass

import msgspec

from edge.core.session.step_call import Result, key_of
from schemas import events as ev


@dataclass
class _Recorded:
    requested: ev.ToolRequested
    result: Result | None = None
    after_ms: int = 0


class RecordedTools:
    """Answers a call from the record: the same tool with the same arguments."""

    def __init__(self) -> None:
        self._calls: list[_Recorded] = []

    def requested(self, event: ev.ToolRequested) -> None:
        self._calls.append(_Recorded(event))

    def came(self, result: Result, at_ms: int) -> None:
        """Add a result that arrived at *at_ms*."""
        for call in self._calls:
            if key_of(call.requested) == key_of(result) and call.result is None:
                call.result, call.after_ms = result, at_ms - call.requested.at_ms

    def result(self, now: ev.ToolRequested) -> tuple[int, Result]:
        """Return the result for the call *now*, and its delay in ms."""
        same = [
            call
            for call in self._calls
            if call.result
            and (call.requested.tool.name, call.requested.arguments)
            == (now.tool.name, now.arguments)
        ]
        best = min(same, key=lambda call: key_of(call.requested) != key_of(now), default=None)
        key = {"turn": now.turn, "step": now.step, "call": now.call}
        if best is not None and best.result is not None:
            return best.after_ms, msgspec.structs.replace(best.result, **key)
        failed = ev.ToolFailed(
            tenant=now.tenant,
            session=now.session,
            at_ms=now.at_ms,
            turn=now.turn,
            step=now.step,
            call=now.call,
            name=now.tool.name,
            reason="unknown_outcome",
            detail="the record has no such call, and a replay does not run it",
        )
        return 0, failed
