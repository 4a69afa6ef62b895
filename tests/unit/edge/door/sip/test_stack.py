from __future__ import annotations

import pytest

pytest.importorskip("baresip", reason="NOT TESTED HERE: the extra `sip` is not installed")

from baresip import Event, StackEvent
from baresip.call import Call, CallState
from baresip.runtime import Runtime
from baresip.ua import UserAgent

from edge.door.sip.stack import dialled

HANDLE = 7


class FastAnswer(UserAgent):
    """Stands for the stack, whose events arrive before `dial` has returned."""

    def __init__(self, runtime: Runtime, *early: StackEvent) -> None:
        self._runtime = runtime
        self._early = early

    async def dial(self, address: str) -> Call:  # type: ignore[override]  # nothing else is used
        assert address == "sip:ada@example.com"
        for event in self._early:
            for listener in list(self._runtime._listeners):
                listener(event)
        return Call(self._runtime, handle=HANDLE, ua_handle=1, state=CallState.OUTGOING)


async def called(*early: StackEvent) -> Call:
    runtime = Runtime()
    return await dialled(runtime, FastAnswer(runtime, *early), "sip:ada@example.com")


async def test_a_call_that_is_answered_at_once_is_established() -> None:
    call = await called(StackEvent(Event.CALL_ESTABLISHED, call=HANDLE))
    assert call.state is CallState.ESTABLISHED
    await call.wait_established(0.01)


async def test_the_answer_to_another_call_is_none_to_this_one() -> None:
    call = await called(StackEvent(Event.CALL_ESTABLISHED, call=HANDLE + 1))
    assert call.state is CallState.OUTGOING
