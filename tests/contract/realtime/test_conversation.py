"""A spoken turn of a Realtime conversation: its events in the order that clients rely on."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest

from runtime.audio import g711
from schemas import events as ev
from tests.contract.realtime.caller import RealtimeCaller
from tests.contract.realtime.client_messages import ANSWER, QUESTION


def test_a_spoken_turn_and_its_response_are_told_in_the_order_that_clients_rely_on() -> None:
    c = RealtimeCaller()
    c.turn(QUESTION, ANSWER)
    middle = ["response.output_audio_transcript.delta", "response.output_audio.delta"]
    kinds = [kind for kind in c.kinds if kind not in middle]
    assert kinds == [
        "session.created",
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        "conversation.item.input_audio_transcription.delta",
        "conversation.item.input_audio_transcription.completed",
        "response.created",
        "response.output_item.added",
        "conversation.item.added",
        "response.content_part.added",
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
    ]
    assert c.kinds.index("response.content_part.added") < c.kinds.index(middle[1])


def test_all_events_of_a_turn_name_the_same_items_and_each_has_an_id_of_its_own() -> None:
    c = RealtimeCaller()
    c.turn(QUESTION, ANSWER)
    spoken = c.last("input_audio_buffer.committed")["item_id"]
    for kind in ("speech_started", "speech_stopped"):
        assert c.last(f"input_audio_buffer.{kind}")["item_id"] == spoken
    done = c.last("conversation.item.input_audio_transcription.completed")
    assert (done["item_id"], done["transcript"]) == (spoken, QUESTION)
    assert done["usage"]["type"] == "duration"
    assert done["usage"]["seconds"] == pytest.approx(1.1, abs=0.5)
    answer = c.last("response.output_item.added")["item"]["id"]
    assert c.last("conversation.item.added")["previous_item_id"] == spoken
    response = c.last("response.done")["response"]
    assert response["status"] == "completed"
    assert [item["id"] for item in response["output"]] == [answer]
    assert response["output"][0]["content"] == [{"type": "output_audio", "transcript": ANSWER}]
    assert response["usage"]["total_tokens"] == 15
    ids = [one["event_id"] for one in c.told]
    assert len(set(ids)) == len(ids)


def test_the_times_of_speech_are_those_of_the_audio_that_was_appended() -> None:
    c = RealtimeCaller()
    c.quiet(2000)
    c.turn(QUESTION)
    start_ms = c.last("input_audio_buffer.speech_started")["audio_start_ms"]
    end_ms = c.last("input_audio_buffer.speech_stopped")["audio_end_ms"]
    assert 1700 <= start_ms <= 2000
    assert 2700 <= end_ms <= 2900


def test_the_transcript_and_the_audio_are_whole_and_words_have_their_times() -> None:
    c = RealtimeCaller()
    c.turn(QUESTION, ANSWER, ms=1500)
    deltas = c.of("response.output_audio_transcript.delta")
    assert "".join(one["delta"] for one in deltas) == ANSWER
    times = [one["start_time"] for one in deltas]
    assert times == sorted(times)
    assert times[-1] < 1.5
    audio = b"".join(base64.b64decode(o["delta"]) for o in c.of("response.output_audio.delta"))
    assert len(audio) == 48 * 1500


@pytest.mark.parametrize(("kind", "law"), [("audio/pcmu", "mulaw"), ("audio/pcma", "alaw")])
def test_a_telephones_samples_go_in_and_out(kind: str, law: Any) -> None:
    c = RealtimeCaller()
    audio = {"input": {"format": {"type": kind}}, "output": {"format": {"type": kind}}}
    c.send({"type": "session.update", "session": {"type": "realtime", "audio": audio}})
    assert c.protocol.audio_out_hz == 8000
    samples = (np.sin(np.arange(800) / 5) * 8000).astype("<i2").tobytes()
    data = base64.b64encode(g711.encode(samples, law)).decode()
    c.send({"type": "input_audio_buffer.append", "audio": data})
    assert (c.audio[-1].form.encoding, c.audio[-1].form.rate_hz) == (law, 8000)  # type: ignore[union-attr]  # no file
    c.turn(QUESTION, ANSWER)
    out = b"".join(base64.b64decode(o["delta"]) for o in c.of("response.output_audio.delta"))
    assert len(out) == 8000


def test_a_response_without_a_stage_fails_and_the_conversation_goes_on() -> None:
    c = RealtimeCaller()
    c.turn(QUESTION)
    c.r.event(ev.JobFailed, stage="llm", turn=1, reason="the model is away")
    c.look()
    response = c.last("response.done")["response"]
    assert (response["status"], c.errors) == ("failed", [])
    assert response["status_details"]["error"]["code"] == "response_failed"
    c.turn(QUESTION, ANSWER)
    assert c.last("response.done")["response"]["status"] == "completed"


def test_ids_of_two_connections_of_a_session_differ() -> None:
    ids: list[set[str]] = []
    for number in (1, 2):
        c = RealtimeCaller(connection=f"conn_{number}")
        c.turn(QUESTION, ANSWER)
        ids.append({one["event_id"] for one in c.told})
    assert not ids[0] & ids[1]
