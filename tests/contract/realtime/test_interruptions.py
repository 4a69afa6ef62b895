"""Responses of a Realtime conversation that are interrupted, truncated or cancelled."""

from __future__ import annotations

import base64

import pytest

from edge.core.messages.inputs import Reconfigured
from schemas import events as ev
from schemas.events import Message
from tests.contract.realtime.caller import RealtimeCaller
from tests.contract.realtime.client_messages import ANSWER, QUESTION


def test_an_interruption_is_told_when_it_is_one_and_ends_the_response() -> None:
    c = RealtimeCaller()
    c.turn(QUESTION)
    c.answers(ANSWER, ms=3000)
    c.quiet(1000)
    c.says(800)
    assert len(c.of("input_audio_buffer.speech_started")) == 1
    c.quiet(160)
    c.r.hears("No, wait a moment.")
    c.look()
    assert c.kinds[-7:] == [
        "input_audio_buffer.speech_started",
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
    ]
    response = c.last("response.done")["response"]
    assert response["status"] == "cancelled"
    assert response["status_details"] == {"type": "cancelled", "reason": "turn_detected"}
    assert response["output"][0]["status"] == "incomplete"


def test_a_sound_over_a_response_that_is_no_interruption_is_not_told() -> None:
    c = RealtimeCaller()
    c.turn(QUESTION)
    c.answers(ANSWER, ms=3000)
    c.quiet(1000)
    before = len(c.of("input_audio_buffer.speech_started"))
    c.says(300, "Mhm.")
    c.quiet(4000)
    assert len(c.of("input_audio_buffer.speech_started")) == before
    assert c.last("response.done")["response"]["status"] == "completed"


def test_a_response_that_goes_on_after_a_false_interruption_is_another_response() -> None:
    c = RealtimeCaller()
    c.r.give(Reconfigured(c.config.but({"interruption.voice_ms": 200})))
    c.turn(QUESTION)
    c.answers(ANSWER, ms=3000)
    c.quiet(1000)
    c.says(400)
    first = c.last("response.done")["response"]
    assert first["status"] == "cancelled"
    item = first["output"][0]["id"]
    c.send(
        {"type": "conversation.item.truncate", "item_id": item, "content_index": 0}
        | {"audio_end_ms": 800}
    )
    assert c.last("conversation.item.truncated")["audio_end_ms"] == 800
    c.quiet(200)
    c.r.hears("")
    c.quiet(5000)
    second = c.last("response.done")["response"]
    assert (second["status"], len(c.of("response.created"))) == ("completed", 2)
    assert c.r.call.history.messages[-1].text == ANSWER
    audio = [o for o in c.of("response.output_audio.delta") if o["response_id"] == second["id"]]
    ms = sum(len(base64.b64decode(one["delta"])) for one in audio) / 48
    assert ms == pytest.approx(3000 - 800, abs=20)


@pytest.mark.parametrize("end_ms", [700, 1000])
def test_a_truncation_sets_the_heard_part(end_ms: int) -> None:
    c = RealtimeCaller()
    c.turn(QUESTION)
    c.answers(ANSWER, ms=3000)
    c.quiet(1200)
    c.says(800, "No, wait a moment.")
    item = c.last("response.done")["response"]["output"][0]
    c.send({"type": "conversation.item.truncate", "item_id": item["id"], "audio_end_ms": end_ms})
    (truncated,) = c.r.events(ev.AnswerTruncated)
    assert truncated.played_ms == end_ms
    assert ANSWER.startswith(truncated.text)
    assert c.r.call.history.messages[1] == Message("assistant", truncated.text)
    c.send({"type": "conversation.item.retrieve", "item_id": item["id"]})
    told = c.last("conversation.item.retrieved")["item"]["content"][0]["transcript"]
    assert told.startswith(truncated.text)
    assert len(told) < len(item["content"][0]["transcript"])


def test_a_truncation_past_the_end_is_clamped_and_one_of_a_question_refused() -> None:
    c = RealtimeCaller()
    c.turn(QUESTION, ANSWER)
    item = c.last("response.done")["response"]["output"][0]["id"]
    c.send({"type": "conversation.item.truncate", "item_id": item, "audio_end_ms": 99_999})
    assert c.last("conversation.item.truncated")["audio_end_ms"] == 1000
    asked = c.last("input_audio_buffer.committed")["item_id"]
    c.send({"type": "conversation.item.truncate", "item_id": asked, "audio_end_ms": 1})
    c.send({"type": "conversation.item.truncate", "item_id": "no", "audio_end_ms": 1})
    c.send({"type": "conversation.item.truncate", "item_id": item, "audio_end_ms": -1})
    assert c.errors == ["invalid_value", "item_truncate_invalid_item_id", "invalid_value"]


def test_the_client_can_only_cancel_an_existing_response() -> None:
    c = RealtimeCaller()
    c.send({"type": "response.cancel", "event_id": "c1"})
    assert c.last("error")["error"]["code"] == "response_cancel_not_active"
    assert c.last("error")["error"]["event_id"] == "c1"
    c.turn(QUESTION)
    c.answers(ANSWER, ms=3000)
    c.quiet(1000)
    c.send({"type": "response.cancel", "response_id": "another"})
    assert not c.of("response.done")
    c.send({"type": "response.cancel"})
    details = c.last("response.done")["response"]["status_details"]
    assert details == {"type": "cancelled", "reason": "client_cancelled"}
