"""Each response that plays on the track is told as started once, and as stopped or cleared once."""

from edge.protocols.client_protocol import Json
from edge.protocols.realtime.output_buffer import OutputBuffer
from edge.protocols.realtime.wire import Ids


def told(messages: list[Json]) -> list[tuple[str, str]]:
    return [
        (one["type"].removeprefix("output_audio_buffer."), one["response_id"]) for one in messages
    ]


def test_a_response_is_started_and_stopped_once() -> None:
    buffer = OutputBuffer(Ids("c"))
    assert told(buffer.started(1, "resp_1")) == [("started", "resp_1")]
    assert told(buffer.started(1, "resp_1")) == []
    assert buffer.is_playing
    assert told(buffer.stopped(1)) == [("stopped", "resp_1")]
    assert told(buffer.stopped(1)) == []
    assert not buffer.is_playing


def test_the_next_response_stops_the_one_before() -> None:
    buffer = OutputBuffer(Ids("c"))
    buffer.started(1, "resp_1")
    assert told(buffer.started(2, "resp_2")) == [("stopped", "resp_1"), ("started", "resp_2")]


def test_a_response_that_is_cut_is_cleared_and_others_are_not() -> None:
    buffer = OutputBuffer(Ids("c"))
    buffer.started(2, "resp_2")
    assert told(buffer.cleared(1)) == []
    assert buffer.is_playing
    assert told(buffer.cleared(2)) == [("cleared", "resp_2")]
