"""A turn's log line has its latencies, and no word of it."""

from __future__ import annotations

from edge.call.turn_line import turn_line
from schemas.events import TurnMeasured


def test_the_wait_that_the_caller_felt_ends_with_the_first_audio_sent() -> None:
    measured = TurnMeasured(
        tenant="t", session="s", at_ms=1, turn=3, first_sent_ms=640.0, committed_ms=300.0
    )
    line = turn_line(measured)
    assert (line["turn"], line["felt_ms"], line["endpoint_ms"]) == (3, 640.0, 300.0)
    assert line["first_audio_ms"] is None
