"""A turn's log line has all its latencies, and no word of it."""

from edge.call.turn_line import turn_line
from schemas.events import WATERFALL, Event, TurnMeasured

MEASURED = TurnMeasured(
    tenant="t", session="s", at_ms=1, turn=3, first_sent_ms=640.0, committed_ms=300.0, stt_ms=41.5
)


def test_the_line_has_each_step_and_the_time_of_the_recognition() -> None:
    line = turn_line(MEASURED)
    assert set(WATERFALL) < set(line)
    assert (line["turn"], line["first_sent_ms"], line["committed_ms"]) == (3, 640.0, 300.0)
    assert line["stt_ms"] == 41.5
    assert line["first_audio_ms"] is None


def test_the_line_has_all_that_is_measured_of_a_turn() -> None:
    measured = set(TurnMeasured.__struct_fields__) - set(Event.__struct_fields__)
    assert set(turn_line(MEASURED)) == measured
