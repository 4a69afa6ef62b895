"""A call over WebRTC: the same events, with the sound on tracks beside them."""

from __future__ import annotations

from edge.core.messages.client_events import Interrupted, Speech
from runtime.audio.wav import Format
from tests.contract.realtime.caller import RealtimeCaller


def calling(**options: object) -> RealtimeCaller:
    return RealtimeCaller(has_tracks=True, **options)  # type: ignore[arg-type]  # as they are


def test_the_session_that_came_with_the_offer_is_the_sessions() -> None:
    caller = calling(session={"instructions": "Be brief.", "output_modalities": ["text"]})
    session = caller.last("session.created")["session"]
    assert (session["instructions"], session["output_modalities"]) == ("Be brief.", ["text"])
    assert caller.config.response.system_prompt == "Be brief."


def test_sound_of_the_track_is_heard_and_sound_in_messages_is_refused() -> None:
    caller = calling()
    caller.says(800, "hello there")
    assert caller.audio[0].form == Format(rate_hz=48_000)
    started = caller.last("input_audio_buffer.speech_started")
    assert started["audio_start_ms"] < 800
    caller.send({"type": "input_audio_buffer.append", "audio": "AAAA"})
    assert caller.errors == ["invalid_value"]


def test_a_response_goes_out_over_the_track_and_its_words_in_messages() -> None:
    caller = calling()
    caller.turn("What is the capital of France?", "Good morning to you.")
    assert "response.output_audio.delta" not in caller.kinds
    pcm = b"".join(one.pcm for one in caller.track if isinstance(one, Speech))
    assert len(pcm) == 32 * 1000
    caller.played(1, 1000, ends=True)
    order = [
        "response.content_part.added",
        "output_audio_buffer.started",
        "response.output_audio.done",
        "response.done",
        "output_audio_buffer.stopped",
    ]
    found = [caller.kinds.index(kind) for kind in order]
    assert found == sorted(found)
    response = caller.last("response.done")["response"]
    assert caller.last("output_audio_buffer.started")["response_id"] == response["id"]
    assert caller.last("output_audio_buffer.stopped")["response_id"] == response["id"]
    assert response["output"][0]["content"][0]["transcript"] == "Good morning to you."


def test_audio_played_on_the_track_counts_as_heard() -> None:
    caller = calling()
    caller.turn("What is the capital of France?")
    caller.answers("One two three four five six seven eight nine ten.", ms=6000)
    caller.quiet(3000)
    caller.played(1, 1600)  # the line was held up: so much is out, and no more
    caller.says(600, "stop it")
    caller.quiet(400)
    (cut,) = [one for one in caller.track if isinstance(one, Interrupted)]
    assert 1600 <= cut.played_ms < 2400
    assert caller.last("output_audio_buffer.cleared")["response_id"]
    truncated = caller.last("conversation.item.truncated")
    assert truncated["audio_end_ms"] == cut.played_ms
    assert caller.last("response.done")["response"]["status"] == "cancelled"
    caller.send({"type": "conversation.item.retrieve", "item_id": truncated["item_id"]})
    words = caller.last("conversation.item.retrieved")["item"]["content"][0]["transcript"]
    assert words.startswith("One")
    assert len(words.split()) < 6  # of 3.6 s it would be six


def test_the_client_can_clear_its_track() -> None:
    caller = calling()
    caller.turn("What is the capital of France?")
    caller.answers("A long story.", ms=3000)
    caller.quiet(600)
    caller.send({"type": "output_audio_buffer.clear"})
    assert isinstance(caller.track[-1], Interrupted)
    details = caller.last("response.done")["response"]["status_details"]
    assert details == {"type": "cancelled", "reason": "client_cancelled"}
    assert caller.last("output_audio_buffer.cleared")
    assert caller.errors == []
    before = len(caller.told)
    caller.send({"type": "output_audio_buffer.clear"})  # there is nothing any more
    assert len(caller.told) == before


def test_a_cancelled_response_is_cleared_once() -> None:
    caller = calling()
    caller.turn("What is the capital of France?")
    caller.answers("A long story.", ms=3000)
    caller.quiet(600)
    caller.send({"type": "response.cancel"})
    caller.send({"type": "output_audio_buffer.clear"})
    assert len(caller.of("output_audio_buffer.cleared")) == 1
    assert len(caller.of("conversation.item.truncated")) == 1


def test_a_text_response_leaves_the_track_silent() -> None:
    caller = calling(session={"output_modalities": ["text"]})
    caller.turn("What is the capital of France?", "Good morning.")
    assert not [one for one in caller.track if isinstance(one, Speech) and one.pcm]
    assert not [kind for kind in caller.kinds if kind.startswith("output_audio_buffer")]


def test_a_websocket_gets_no_track_events() -> None:
    caller = RealtimeCaller()
    caller.turn("What is the capital of France?")
    caller.answers("A long story.", ms=3000)
    caller.says(800, "stop it")
    assert not [kind for kind in caller.kinds if kind.startswith("output_audio_buffer")]
    assert not caller.of("conversation.item.truncated")
    caller.send({"type": "output_audio_buffer.clear"})
    assert caller.errors == ["invalid_value"]
