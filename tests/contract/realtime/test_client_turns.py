"""Turns as a Realtime client wants them: ended by it, unanswered, or after a silence."""

from __future__ import annotations

from schemas import events as ev
from schemas.events import Message
from tests.contract.realtime.caller import RealtimeCaller
from tests.contract.realtime.client_messages import ANSWER, CREATE, QUESTION, manual, update


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
