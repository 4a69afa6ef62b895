"""What a Realtime client is told of its call, event by event."""

from __future__ import annotations

from typing import Any

import pytest

from edge.core.messages.client_events import (
    CallerSilent,
    CallerStarted,
    CallerStopped,
    CallerTranscript,
    CallsDone,
    ClientEvent,
    ClientToolCalled,
    Interrupted,
    ResponseDone,
    ResponseDropped,
    ResponseRefused,
    ResponseStarted,
    SessionClosed,
    Speech,
    Transferred,
    Trouble,
    TurnHandedIn,
)
from edge.protocols.client_protocol import Json
from edge.protocols.realtime.responses import RequestedResponse
from edge.protocols.realtime.server_events import ServerEvents
from edge.protocols.realtime.session_object import SessionObject
from edge.protocols.realtime.wire import Ids
from schemas.session_config import Delivery

SECOND = bytes(48_000)
DONE = ResponseDone(1, "It is fine.", "m", 0.5, 10, 5)


class Client:
    """A client, and the events of its call."""

    def __init__(self, *, has_tracks: bool = False) -> None:
        self.server_events = ServerEvents(Ids("c"), SessionObject(), has_tracks=has_tracks)

    def told(self, *events: ClientEvent) -> list[Json]:
        return [message for event in events for message in self.server_events.messages(event)]

    def kinds(self, *events: ClientEvent) -> list[str]:
        return [message["type"] for message in self.told(*events)]

    def ending(self, *events: ClientEvent) -> dict[str, Any]:
        """Return the response in the last message, which ends it."""
        message = self.told(*events)[-1]
        assert message["type"] == "response.done"
        response: dict[str, Any] = message["response"]
        return response


def spoken(text: str = "It is fine.", turn: int = 1, *, ends: bool = False) -> Speech:
    return Speech(turn, text, SECOND, ends)


def test_a_response_is_told_from_its_start_to_its_usage() -> None:
    client = Client()
    assert client.kinds(ResponseStarted(1)) == ["response.created"]
    assert client.kinds(ResponseStarted(1)) == []  # it goes on with results of tools
    assert client.kinds(spoken())[-1] == "response.output_audio.delta"
    done = client.ending(DONE)
    assert (done["status"], done["usage"]["total_tokens"]) == ("completed", 15)
    assert client.server_events.open is None
    assert client.kinds(DONE) == []


def test_a_greeting_and_a_response_that_goes_on_begin_with_their_first_words() -> None:
    client = Client()
    assert client.kinds(Speech(0, "", b"", ends=False)) == []
    kinds = client.kinds(spoken("Hello.", 0, ends=True))
    assert (kinds[0], kinds[-1]) == ("response.created", "response.done")
    client.told(ResponseStarted(1), spoken(), DONE)
    again = client.kinds(spoken(" And so on."), spoken(" Yes.", ends=True))
    assert (again[0], again[-1]) == ("response.created", "response.done")


def test_an_interruption_ends_the_response_and_the_rest_of_it_knows_its_place() -> None:
    client = Client()
    client.told(CallerStarted(1, 100, over_response=True), ResponseStarted(1), spoken())
    told = client.told(Interrupted(1, "It is", 700))
    assert told[0]["type"] == "input_audio_buffer.speech_started"
    assert told[-1]["response"]["status_details"] == {
        "type": "cancelled",
        "reason": "turn_detected",
    }
    client.told(spoken(" fine."))
    assert client.server_events.open
    assert client.server_events.open.offset_ms == 700


@pytest.mark.parametrize("dropped", [Interrupted(1, "", 0), ResponseDropped(1, "interrupted")])
def test_a_response_that_the_client_cancelled_says_so(dropped: ClientEvent) -> None:
    client = Client()
    client.told(ResponseStarted(1), spoken())
    assert client.server_events.open
    client.server_events.open.is_cancelled = True
    details = client.ending(dropped)["status_details"]
    assert details == {"type": "cancelled", "reason": "client_cancelled"}
    assert client.kinds(dropped) == []


def test_a_response_that_failed_says_so_and_another_turns_end_changes_nothing() -> None:
    client = Client()
    client.told(ResponseStarted(1), spoken())
    assert client.kinds(ResponseDropped(7, "failed"), CallsDone(1, 3, 4)) == []
    details = client.ending(ResponseDropped(1, "failed"))["status_details"]
    assert (details["type"], details["error"]["code"]) == ("failed", "response_failed")


def test_a_requested_response_has_the_form_that_was_asked_for() -> None:
    client = Client()
    client.server_events.asks["a"] = RequestedResponse("text", {"k": "v"}, in_conversation=False)
    (created,) = client.told(ResponseStarted(2, "a"))
    response = created["response"]
    assert (response["output_modalities"], response["metadata"]) == (["text"], {"k": "v"})
    assert (response["conversation_id"], client.server_events.asks) == (None, {})


def test_a_refused_response_is_told_once_and_another_one_may_be_asked_for() -> None:
    client = Client()
    client.server_events.asks["ask_1"] = RequestedResponse("audio")
    (told,) = client.told(ResponseRefused("ask_1"), ResponseRefused("ask_1"))
    assert told["error"]["code"] == "response_refused"
    assert not client.server_events.asks


@pytest.mark.parametrize(
    ("delivery", "modality"), [("text", "text"), ("chunks", "audio"), (None, "audio")]
)
def test_a_response_requested_over_an_earlier_connection_keeps_its_modality(
    delivery: Delivery | None, modality: str
) -> None:
    (created,) = Client().told(ResponseStarted(2, "of_another_connection", delivery))
    assert created["response"]["output_modalities"] == [modality]


def test_calls_of_the_clients_tools_end_the_response_and_begin_one_if_none_is_open() -> None:
    client = Client()
    call = ClientToolCalled("call_1_0_0", "show", "{}")
    client.told(ResponseStarted(1))
    assert client.kinds(call)[0] == "response.output_item.added"
    assert client.kinds(call) == []  # repeated after a resume
    done = client.ending(CallsDone(1, 3, 4))
    assert (done["status"], done["usage"]["total_tokens"]) == ("completed", 7)
    assert client.kinds(ClientToolCalled("call_1_1_0", "show", "{}"))[:2] == [
        "response.created",
        "response.output_item.added",
    ]


def test_a_turn_that_ends_though_a_call_has_no_result_waits_for_it_no_more() -> None:
    client = Client()
    client.told(ResponseStarted(1), ClientToolCalled("call_1_0_0", "show", "{}"))
    assert client.ending(CallsDone(1, 3, 4), spoken(), DONE)["status"] == "completed"
    assert not client.server_events.calls.hold_the_turn


def test_a_response_that_was_to_follow_calls_is_not_expected_once_the_turn_is_dropped() -> None:
    client = Client()
    client.told(ResponseStarted(1))
    client.server_events.calls.follow_up = "a"
    client.server_events.asks["a"] = RequestedResponse("text")
    assert client.ending(ResponseDropped(1, "interrupted"))["status"] == "cancelled"
    assert (client.server_events.calls.follow_up, client.server_events.asks) == ("", {})


@pytest.mark.parametrize(
    ("stage", "fatal", "codes"),
    [
        ("llm", False, []),  # the end of the response told it
        ("llm", True, ["language_model_failed"]),
        ("tts", True, ["voice_failed"]),
        ("audio", False, ["audio_failed"]),
        ("bus", False, ["audio_failed"]),
        ("stt", False, ["transcription_failed"]),
    ],
)
def test_a_failure_is_told_once(stage: Any, codes: list[str], *, fatal: bool) -> None:
    told = Client().told(Trouble(stage, "it is broken", fatal))
    assert [one["error"]["code"] for one in told] == codes
    assert {one["error"]["message"] for one in told} <= {"it is broken"}


@pytest.mark.parametrize("fatal", [False, True])
def test_a_committed_utterance_without_words_fails_as_an_item(*, fatal: bool) -> None:
    client = Client()
    client.told(CallerStarted(1, 100, over_response=False), TurnHandedIn(1))
    kinds = client.kinds(Trouble("stt", "it is broken", fatal))
    failed = "conversation.item.input_audio_transcription.failed"
    assert kinds == ([failed, "error"] if fatal else [failed])


def test_speech_goes_on_when_the_words_before_it_do_not_come() -> None:
    client = Client()
    client.told(CallerStarted(1, 100, over_response=False), TurnHandedIn(1))
    client.told(CallerStarted(2, 100, over_response=False))
    (failed,) = client.told(Trouble("stt", "it is broken", utterance=1))
    assert failed["type"] == "conversation.item.input_audio_transcription.failed"
    assert client.kinds(CallerStopped(2, 200, 900, discarded=False)) == [
        "input_audio_buffer.speech_stopped"
    ]


def test_another_agent_is_told_as_another_model() -> None:
    client = Client()
    (updated,) = client.told(Transferred("bar"))
    assert (updated["type"], updated["session"]["model"]) == ("session.updated", "bar")
    assert client.server_events.session.model == "bar"


def test_the_callers_speech_is_told_and_partial_words_are_not() -> None:
    client = Client()
    assert client.kinds(
        CallerStarted(1, 100, over_response=False),
        CallerTranscript("It", final=False),
        CallerStopped(1, 200, 900, discarded=False),
        CallerTranscript("It is me.", final=True, utterance=1),
        CallerSilent(5000),
        SessionClosed(),
    ) == [
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        "conversation.item.input_audio_transcription.delta",
        "conversation.item.input_audio_transcription.completed",
        "input_audio_buffer.timeout_triggered",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
    ]


def test_a_track_is_told_where_it_plays_and_what_was_heard_when_it_falls_silent() -> None:
    client = Client(has_tracks=True)
    client.told(ResponseStarted(1))
    assert client.kinds(spoken())[-1] == "output_audio_buffer.started"
    told = client.told(Interrupted(1, "It is", 700))
    assert [one["type"] for one in told][-2:] == [
        "output_audio_buffer.cleared",
        "conversation.item.truncated",
    ]
    assert told[-1]["audio_end_ms"] == 700
    item = client.server_events.items.spoken_in(1)
    assert item
    assert item.sent_ms == 700


def test_a_track_that_was_heard_to_its_end_is_not_truncated() -> None:
    client = Client(has_tracks=True)
    client.told(ResponseStarted(1), spoken())
    kinds = client.kinds(Interrupted(1, "It is fine.", 1500))
    assert "conversation.item.truncated" not in kinds
    assert kinds[-1] == "output_audio_buffer.cleared"
