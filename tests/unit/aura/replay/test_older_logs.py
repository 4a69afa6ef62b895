"""Logs of an older Aura lack events and fields for later connections, and are decided again."""

from __future__ import annotations

import msgpack
import pytest

from edge.core.messages import inputs
from schemas import codec
from schemas import events as ev
from schemas.control import Say
from tests.unit.aura.replay.test_redecide import Recorded, decided_again


@pytest.mark.parametrize("older", [False, True])
def test_turns_and_requests_that_wait_are_decided_again_also_from_an_older_log(
    *, older: bool
) -> None:
    r = Recorded(interruption__allowed=False)
    r.give(inputs.Commanded("c1", "sam", Say("Listen.", interruptible=False)))
    r.give(inputs.Typed("Hello?"))
    r.speaks(0, 500, turn=1)
    r.wait(1000)
    r.answers("It is fine.")
    r.speaks(0, 3000)
    r.give(inputs.ResponseRequested("a"))
    r.says(800, "And now?")
    r.quiet(4000)
    log = r.recorded()
    assert [one.text for one in log if isinstance(one, ev.RequestQueued)] == ["Hello?", None]
    assert [one.wants_response for one in log if isinstance(one, ev.MessageAdded)] == [True]
    if older:
        log = [_of_older_aura(one) for one in log if not isinstance(one, ev.RequestQueued)]
    decided_again(log)


def _of_older_aura(event: ev.AnyEvent) -> ev.AnyEvent:
    wire = msgpack.unpackb(codec.encode(event))
    for later in ("wants_response", "requested_ms"):
        wire.pop(later, None)
    return codec.decode(msgpack.packb(wire))
