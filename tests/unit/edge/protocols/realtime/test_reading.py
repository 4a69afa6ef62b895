"""A client's event is read whatever its form; what is no event is an error with a reason."""

import base64
import json

import pytest

from edge.protocols.realtime.reading import appended, parsed
from edge.protocols.realtime.wire import RequestError

PCM = bytes(range(256))


def test_audio_of_the_usual_form_is_taken_directly() -> None:
    audio = base64.b64encode(PCM).decode()
    frame = json.dumps({"type": "input_audio_buffer.append", "audio": audio, "event_id": "e"})
    assert appended(frame) == PCM


@pytest.mark.parametrize(
    "frame",
    [
        '{"type": "response.create"}',
        '{"type": "input_audio_buffer.append"}',
        '{"type": "input_audio_buffer.append", "audio": "not base64!"}',
        "[" * 100_000,
    ],
)
def test_other_frames_are_left_to_the_general_parser(frame: str) -> None:
    assert appended(frame) is None


@pytest.mark.parametrize("frame", ["", "[]", "1", '{"type": 1}', "{", "[" * 100_000])
def test_what_is_no_event_is_an_error(frame: str) -> None:
    with pytest.raises(RequestError) as told:
        parsed(frame)
    assert told.value.code == "invalid_json"


def test_an_unpaired_surrogate_becomes_text_that_can_be_sent() -> None:
    message = parsed('{"type": "x", "text": "a\\ud800b"}')
    message["text"].encode()
    assert message["text"].startswith("a")
    assert parsed('{"type": "x", "text": "\\ud83d\\ude00"}')["text"] == "\N{GRINNING FACE}"
