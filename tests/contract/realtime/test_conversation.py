"""A Realtime conversation: the events in the order that clients rely on, and what they mean."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest

from edge.core.inputs import Reconfigured
from runtime import g711
from schemas import events as ev
from schemas.events import Message
from tests.contract.realtime.caller import RealtimeCaller

QUESTION, ANSWER = "What is the capital of France?", "It is Paris, and it has been for long."
CREATE: dict[str, Any] = {"type": "response.create"}


def manual() -> RealtimeCaller:
    c = RealtimeCaller()
    c.send(
        {
            "type": "session.update",
            "session": {"type": "realtime", "audio": {"input": {"turn_detection": None}}},
        }
    )
    return c


def update(c: RealtimeCaller, **found: Any) -> None:
    session = {"type": "realtime", "audio": {"input": {"turn_detection": found}}}
    c.send({"type": "session.update", "session": session})


def message(text: str, role: str = "user", **more: Any) -> dict[str, Any]:
    kind = "output_text" if role == "assistant" else "input_text"
    content = [{"type": kind, "text": text}]
    item = {"type": "message", "role": role, "content": content, **more.pop("item", {})}
    return {"type": "conversation.item.create", "item": item, **more}


# ---------------------------------------------------------------- a spoken turn


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


# ---------------------------------------------------------------- interruptions


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


# ---------------------------------------------------------------- turns of the client


def test_the_client_ends_turns_itself_and_asks_for_the_response() -> None:
    c = manual()
    c.says(800)
    c.quiet(3000)
    assert c.kinds == ["session.created", "session.updated"]
    c.send({"type": "input_audio_buffer.commit"})
    c.send(CREATE)
    assert c.kinds[2:] == [
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
    ]
    c.r.event(
        ev.TranscriptFinal,
        utterance=1,
        text=QUESTION,
        confidence=1.0,
        audio_ms=800,
        took_ms=1.0,
        model="m",
    )
    c.look()
    assert c.kinds[5:] == [
        "conversation.item.input_audio_transcription.delta",
        "conversation.item.input_audio_transcription.completed",
        "response.created",
    ]
    c.answers(ANSWER)
    c.quiet(1500)
    assert c.r.call.history.messages == [Message("user", QUESTION), Message("assistant", ANSWER)]


def test_a_commit_of_nothing_is_an_error_and_one_of_silence_an_empty_item() -> None:
    c = manual()
    c.send({"type": "input_audio_buffer.commit"})
    c.quiet(80)
    c.send({"type": "input_audio_buffer.commit"})
    c.quiet(200)
    c.send({"type": "input_audio_buffer.clear"})
    c.send({"type": "input_audio_buffer.commit"})
    assert c.errors == ["input_audio_buffer_commit_empty"] * 3
    assert c.of("input_audio_buffer.cleared")
    c.quiet(200)
    c.send({"type": "input_audio_buffer.commit"})
    assert c.last("conversation.item.input_audio_transcription.completed")["transcript"] == ""


def test_a_turn_without_a_response_of_its_own_is_responded_to_when_the_client_asks() -> None:
    c = RealtimeCaller()
    update(c, type="server_vad", create_response=False)
    c.turn(QUESTION)
    assert c.of("conversation.item.input_audio_transcription.completed")
    assert not c.of("response.created")
    c.send(CREATE)
    assert c.r.events(ev.TurnTaken)[-1].messages == (Message("user", QUESTION),)


def test_a_response_that_may_not_be_interrupted_is_spoken_to_its_end() -> None:
    c = RealtimeCaller()
    update(c, type="server_vad", silence_duration_ms=300, interrupt_response=False)
    c.turn(QUESTION)
    c.answers(ANSWER, ms=3000)
    c.quiet(500)
    c.turn("And of Spain?")
    assert len(c.of("input_audio_buffer.speech_started")) == 2
    assert not c.of("response.done")
    c.quiet(3000)
    assert c.last("response.done")["response"]["status"] == "completed"
    assert len(c.of("response.created")) == 2


def test_a_transcription_session_has_words_and_no_responses() -> None:
    c = RealtimeCaller(intent="transcription")
    assert c.told[0]["session"]["type"] == "transcription"
    c.turn(QUESTION)
    done = c.last("conversation.item.input_audio_transcription.completed")
    assert done["transcript"] == QUESTION
    assert not c.r.events(ev.TurnTaken)
    c.send(CREATE)
    assert c.errors == ["invalid_value"]


def test_no_transcription_is_told_where_the_client_wants_none() -> None:
    c = RealtimeCaller()
    audio = {"input": {"transcription": None}}
    c.send({"type": "session.update", "session": {"type": "realtime", "audio": audio}})
    c.turn(QUESTION)
    assert c.of("response.created")
    assert not [kind for kind in c.kinds if "transcription" in kind]


def test_a_silence_that_lasts_is_told_and_responded_to() -> None:
    c = RealtimeCaller()
    update(c, type="server_vad", idle_timeout_ms=5000)
    c.turn(QUESTION, ANSWER)
    c.quiet(5200)
    timed_out = c.last("input_audio_buffer.timeout_triggered")
    assert timed_out["audio_end_ms"] - timed_out["audio_start_ms"] == 5000
    assert c.last("input_audio_buffer.committed")["item_id"] == timed_out["item_id"]
    assert len(c.of("response.created")) == 2


def test_words_that_cannot_be_had_are_told_at_their_item() -> None:
    c = manual()
    c.says(800)
    c.send({"type": "input_audio_buffer.commit"})
    c.r.event(ev.JobFailed, stage="stt", utterance=1, reason="the recogniser is away")
    c.look()
    failed = c.last("conversation.item.input_audio_transcription.failed")
    assert failed["item_id"] == c.last("input_audio_buffer.committed")["item_id"]
    assert failed["error"]["code"] == "transcription_failed"


# ---------------------------------------------------------------- items


def test_a_typed_message_waits_for_a_response_to_be_asked_for() -> None:
    c = RealtimeCaller()
    c.send(message(QUESTION, item={"id": "mine"}))
    assert c.kinds[1:] == ["conversation.item.added", "conversation.item.done"]
    assert c.last("conversation.item.added")["item"]["id"] == "mine"
    assert not c.r.events(ev.TurnTaken)
    c.send(CREATE)
    assert c.r.events(ev.TurnTaken)[-1].messages == (Message("user", QUESTION),)
    c.answers(ANSWER)
    c.quiet(1500)
    assert c.last("response.done")["response"]["status"] == "completed"


def test_items_have_a_place_and_can_be_retrieved_and_deleted() -> None:
    c = RealtimeCaller()
    c.send(message("Two.", item={"id": "two"}))
    c.send(message("Three.", "assistant", item={"id": "three"}))
    c.send(message("One.", item={"id": "one"}, previous_item_id="root"))
    c.send(message("After two.", item={"id": "four"}, previous_item_id="two"))
    texts = [one.text for one in c.r.call.history.messages]
    assert texts == ["One.", "Two.", "After two.", "Three."]
    assert c.last("conversation.item.added")["previous_item_id"] == "two"
    c.send({"type": "conversation.item.retrieve", "item_id": "two"})
    assert c.last("conversation.item.retrieved")["item"]["content"][0]["text"] == "Two."
    c.send({"type": "conversation.item.delete", "item_id": "two"})
    assert c.last("conversation.item.deleted")["item_id"] == "two"
    assert [one.text for one in c.r.call.history.messages] == ["One.", "After two.", "Three."]
    c.send({"type": "conversation.item.retrieve", "item_id": "two"})
    c.send({"type": "conversation.item.delete", "item_id": "two"})
    c.send(message("Again.", item={"id": "one"}))
    c.send(message("Lost.", previous_item_id="nobody"))
    assert c.errors == [
        "item_retrieve_invalid_item_id",
        "item_delete_invalid_item_id",
        "item_create_duplicate_item_id",
        "item_create_invalid_previous_item_id",
    ]


def test_spoken_items_can_be_deleted_and_leave_the_prompt() -> None:
    c = RealtimeCaller()
    c.turn(QUESTION, ANSWER)
    asked = c.last("input_audio_buffer.committed")["item_id"]
    answer = c.last("response.done")["response"]["output"][0]["id"]
    c.send({"type": "conversation.item.delete", "item_id": asked})
    c.send({"type": "conversation.item.delete", "item_id": answer})
    assert c.r.call.history.messages == []


@pytest.mark.parametrize(
    ("item", "param"),
    [
        ({"type": "message", "role": "user", "content": []}, "item.content"),
        ({"type": "message", "role": "boss", "content": [{}]}, "item.role"),
        ({"type": "song"}, "item.type"),
        (None, "item"),
        (
            {"type": "message", "role": "user", "content": [{"type": "input_image"}]},
            "item.content[0].type",
        ),
        (
            {"type": "message", "role": "user", "content": [{"type": "input_audio", "audio": ""}]},
            "item.content[0]",
        ),
    ],
)
def test_an_item_that_cannot_be_is_refused_with_its_place(item: Any, param: str) -> None:
    c = RealtimeCaller()
    c.send({"type": "conversation.item.create", "event_id": "e", "item": item})
    error = c.last("error")["error"]
    assert (error["param"], error["event_id"]) == (param, "e")
    assert error["type"] == "invalid_request_error"


# ---------------------------------------------------------------- responses that are asked for


def test_a_response_has_its_own_instructions_limit_modality_and_metadata() -> None:
    c = RealtimeCaller()
    own = {
        "instructions": "Say one word.",
        "max_output_tokens": 7,
        "output_modalities": ["text"],
        "metadata": {"client_event_id": "x1"},
    }
    c.send({"type": "response.create", "response": own})
    taken = c.r.events(ev.TurnTaken)[-1]
    assert (taken.system, taken.max_tokens, taken.text_only) == ("Say one word.", 7, True)
    c.answers("Yes.")
    assert c.kinds[1:] == [
        "response.created",
        "response.output_item.added",
        "conversation.item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
    ]
    assert c.last("response.created")["response"]["metadata"] == {"client_event_id": "x1"}
    assert c.last("response.output_item.done")["item"]["content"] == [
        {"type": "output_text", "text": "Yes."}
    ]
    c.quiet(100)
    c.send(CREATE)
    assert c.r.events(ev.TurnTaken)[-1].system == "Be kind."


def test_a_response_out_of_band_has_its_own_input_and_is_not_remembered() -> None:
    c = RealtimeCaller()
    c.send(message(QUESTION, item={"id": "mine"}))
    own = {
        "conversation": "none",
        "output_modalities": ["text"],
        "metadata": {"topic": "classify"},
        "input": [{"type": "item_reference", "id": "mine"}, message("In one word.")["item"]],
    }
    c.send({"type": "response.create", "response": own})
    assert [one.text for one in c.r.events(ev.TurnTaken)[-1].messages] == [QUESTION, "In one word."]
    c.answers("geography")
    c.quiet(100)
    done = c.last("response.done")["response"]
    assert (done["conversation_id"], done["metadata"]) == (None, {"topic": "classify"})
    assert len(c.of("conversation.item.added")) == 1
    assert c.r.call.history.messages == [Message("user", QUESTION)]


def test_a_second_response_of_the_conversation_is_refused_and_one_beside_it_waits() -> None:
    c = RealtimeCaller()
    c.turn(QUESTION)
    c.send({**CREATE, "event_id": "second"})
    error = c.last("error")["error"]
    assert error["code"] == "conversation_already_has_active_response"
    assert error["event_id"] == "second"
    c.send({"type": "response.create", "response": {"conversation": "none"}})
    assert len(c.of("response.created")) == 1
    c.answers(ANSWER)
    c.quiet(1500)
    assert len(c.of("response.created")) == 2


def test_a_session_of_text_speaks_no_word() -> None:
    c = RealtimeCaller()
    session = {"type": "realtime", "output_modalities": ["text"]}
    c.send({"type": "session.update", "session": session})
    c.turn(QUESTION)
    assert c.r.events(ev.TurnTaken)[-1].text_only
    c.r.answers("It is Paris.", "It has been for long.")
    c.quiet(100)
    assert c.last("response.output_text.done")["text"] == "It is Paris. It has been for long."
    assert not c.of("response.output_audio.delta")


def test_ids_of_two_connections_of_a_session_differ() -> None:
    ids: list[set[str]] = []
    for number in (1, 2):
        c = RealtimeCaller(connection=f"conn_{number}")
        c.turn(QUESTION, ANSWER)
        ids.append({one["event_id"] for one in c.told})
    assert not ids[0] & ids[1]
