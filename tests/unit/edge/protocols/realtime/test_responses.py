"""One response of a Realtime client, event by event: its item, its words, its audio, its end."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from edge.core.messages.client_events import ClientToolCalled, Speech
from edge.protocols.client_protocol import Json
from edge.protocols.realtime.items import Items
from edge.protocols.realtime.responses import OpenResponse, RequestedResponse, encoded, usage
from edge.protocols.realtime.session_object import AudioFormat
from edge.protocols.realtime.wire import Ids
from runtime.audio.conversion import PcmStream

SECOND = b"\x01\x02" * 24_000
"""A second of audio at the usual rate."""
BEGINNING = ["response.output_item.added", "conversation.item.added", "response.content_part.added"]


class Client:
    """What a client is told of one response."""

    def __init__(self, asked: RequestedResponse | None = None, **more: Any) -> None:
        self.ids, self.items = Ids("c"), Items()
        form = more.pop("form", AudioFormat())
        request = asked or RequestedResponse("audio")
        self.response = OpenResponse(self.ids, self.items, 3, request, form, "alloy", **more)
        self.begun = self.response.begin("s_1")

    def hears(self, text: str, pcm: bytes = b"") -> list[Json]:
        return self.response.speech(Speech(3, text, pcm, ends=False))

    def calls(self, call: str = "call_3_0_0") -> list[Json]:
        return self.response.call(ClientToolCalled(call, "show", '{"a":1}'))

    def ends(self, status: Any = "completed", **why: Any) -> list[Json]:
        return self.response.end(status, **why)


def kinds(messages: list[Json]) -> list[str]:
    return [one["type"] for one in messages]


def test_a_response_begins_with_its_form_and_without_output() -> None:
    told = Client(RequestedResponse("audio", {"k": "v"})).begun["response"]
    assert told == {
        "id": "resp_c_1",
        "object": "realtime.response",
        "conversation_id": "s_1",
        "output_modalities": ["audio"],
        "audio": {"output": {"format": {"type": "audio/pcm", "rate": 24_000}, "voice": "alloy"}},
        "metadata": {"k": "v"},
        "status": "in_progress",
        "status_details": None,
        "output": [],
        "usage": None,
    }


def test_the_item_begins_with_the_first_words_or_audio_and_each_piece_is_told_with_its_place() -> (
    None
):
    client = Client()
    assert client.hears("") == []
    first = client.hears("It is", SECOND)
    assert kinds(first) == [
        *BEGINNING,
        "response.output_audio_transcript.delta",
        "response.output_audio.delta",
    ]
    words, audio = first[-2:]
    assert (words["delta"], words["start_time"]) == ("It is", 0.0)
    assert base64.b64decode(audio["delta"]) == SECOND
    (more,) = client.hears(" fine.")
    assert (more["delta"], more["start_time"]) == (" fine.", 1.0)
    where = {"response_id": "resp_c_1", "output_index": 0, "content_index": 0}
    assert all({name: one[name] for name in where} == where for one in (words, audio, more))
    assert client.response.item
    assert client.response.item.sent_ms == 1000


def test_the_end_tells_the_whole_words_and_the_usage() -> None:
    client = Client()
    client.hears("It is", SECOND)
    client.hears(" fine.")
    client.response.usage = usage(10, 5)
    ended = client.ends()
    assert kinds(ended) == [
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
    ]
    done = ended[-1]["response"]
    assert (done["status"], done["status_details"]) == ("completed", None)
    assert done["usage"]["total_tokens"] == 15
    (item,) = done["output"]
    assert (item["status"], item["content"]) == (
        "completed",
        [{"type": "output_audio", "transcript": "It is fine."}],
    )


@pytest.mark.parametrize(
    ("status", "why", "details"),
    [
        ("cancelled", {"reason": "turn_detected"}, {"reason": "turn_detected"}),
        ("failed", {"error": {"code": "x"}}, {"error": {"code": "x"}}),
        ("cancelled", {}, {}),
    ],
)
def test_a_response_that_is_cut_is_incomplete_and_says_why(
    status: str, why: dict[str, Any], details: dict[str, Any]
) -> None:
    client = Client()
    client.hears("It is", SECOND)
    done = client.ends(status, **why)[-1]["response"]
    assert (done["status"], done["status_details"]) == (status, {"type": status, **details})
    assert [one["status"] for one in done["output"]] == ["incomplete"]


def test_a_response_that_never_began_ends_without_an_item() -> None:
    assert kinds(Client().ends("failed")) == ["response.done"]


def test_a_response_of_text_outside_the_conversation_has_no_audio_and_no_item_in_it() -> None:
    client = Client(RequestedResponse("text", in_conversation=False))
    assert client.begun["response"]["conversation_id"] is None
    told = client.hears("greeting", SECOND)
    assert kinds(told) == [BEGINNING[0], BEGINNING[2], "response.output_text.delta"]
    assert told[1]["part"] == {"type": "text", "text": ""}
    assert "start_time" not in told[2]
    ended = client.ends()
    assert kinds(ended) == [
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.done",
    ]
    assert ended[0]["text"] == "greeting"
    assert client.items.last is None


def test_audio_over_a_track_is_counted_at_its_rate_and_not_sent() -> None:
    client = Client(on_track=True)
    told = client.hears("It is", bytes(32_000))
    assert kinds(told) == [*BEGINNING, "response.output_audio_transcript.delta"]
    assert client.response.item
    assert client.response.item.sent_ms == 1000


@pytest.mark.parametrize("kept", [True, False])
def test_a_call_is_an_item_before_its_arguments(*, kept: bool) -> None:
    client = Client(RequestedResponse("audio", in_conversation=kept))
    told = client.calls()
    everything = [
        "response.output_item.added",
        "conversation.item.added",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "conversation.item.done",
        "response.output_item.done",
    ]
    wanted = [one for one in everything if kept or not one.startswith("conversation.")]
    assert kinds(told) == wanted
    assert [told[0]["item"][name] for name in ("status", "arguments")] == ["in_progress", ""]
    assert told[-1]["item"]["arguments"] == '{"a":1}'


def test_words_and_calls_have_places_in_the_order_of_their_beginning() -> None:
    client = Client()
    first = client.calls()
    client.hears("Look.")
    second = client.calls("call_3_0_1")
    assert (first[0]["output_index"], second[0]["output_index"]) == (0, 2)
    output = client.ends()[-1]["response"]["output"]
    assert [one["type"] for one in output] == ["function_call", "message", "function_call"]


@pytest.mark.parametrize("kind", ["audio/pcm", "audio/pcmu", "audio/pcma"])
def test_audio_is_encoded_in_the_form_of_the_session(kind: Any) -> None:
    form, samples = AudioFormat(type=kind), np.array([0, 8000, -8000, 32767], "<i2")
    sent = encoded(samples.tobytes(), form)
    assert len(sent) == 4 * form.samples.width
    stream = PcmStream(replace(form.samples, rate_hz=16_000))
    again = np.frombuffer(stream.feed(sent), "<i2").astype(int)
    assert np.abs(again - samples).max() < 700


def test_usage_is_in_tokens_of_the_language_model() -> None:
    told = usage(10, 5)
    assert (told["input_tokens"], told["output_tokens"], told["total_tokens"]) == (10, 5, 15)
    assert told["input_token_details"]["text_tokens"] == 10
    assert told["output_token_details"] == {"text_tokens": 5, "audio_tokens": 0}
