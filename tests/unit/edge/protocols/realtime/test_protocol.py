"""A connection to `/v1/realtime`: its handshake, its audio, its turns, its errors."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from edge.core.messages.client_commands import (
    Audio,
    Begin,
    ClientCommand,
    EndSession,
    Reconfigure,
    Reply,
)
from edge.core.messages.client_events import (
    CallerStarted,
    Notice,
    ResponseStarted,
    SessionClosed,
    SessionOpened,
    Speech,
)
from edge.core.messages.inputs import Cancelled, Played, Truncated, TurnDiscarded, TurnEnded
from edge.protocols.client_protocol import Handshake, ProtocolSettings
from edge.protocols.realtime import RealtimeProtocol
from runtime.audio.wav import Format

MANUAL = {"type": "realtime", "audio": {"input": {"turn_detection": None}}}
MU_LAW = {"type": "realtime", "audio": {"output": {"format": {"type": "audio/pcmu"}}}}


def protocol(**handshake: Any) -> RealtimeProtocol:
    return RealtimeProtocol(Handshake(connection="c", nonce="n", **handshake))


def begun(of: RealtimeProtocol) -> tuple[Begin, list[str]]:
    """Return the begin of the session, and the codes of what was refused."""
    begin, *wrong = of.opened()
    assert isinstance(begin, Begin)
    return begin, codes(wrong)


def codes(commands: list[ClientCommand]) -> list[str]:
    replies = [one.message for one in commands if isinstance(one, Reply)]
    return [one["error"]["code"] for one in replies if one["type"] == "error"]


def kinds(commands: list[ClientCommand]) -> list[str]:
    return [one.message["type"] for one in commands if isinstance(one, Reply)]


def sends(to: RealtimeProtocol, kind: str, **fields: Any) -> list[ClientCommand]:
    return to.receive(json.dumps({"type": kind, **fields}))


def appends(to: RealtimeProtocol, ms: int) -> list[ClientCommand]:
    audio = base64.b64encode(bytes(48 * ms)).decode()
    return sends(to, "input_audio_buffer.append", audio=audio)


def test_a_token_comes_in_the_header_or_as_a_subprotocol() -> None:
    assert protocol(headers={"authorization": "Bearer abc"}).token == "abc"
    offered = {"sec-websocket-protocol": "realtime, openai-insecure-api-key.xyz"}
    assert protocol(headers=offered).token == "xyz"
    assert protocol().token == ""


@pytest.mark.parametrize(("asked", "resumes"), [("s_1", "s_1"), ("a.b", ""), ("", "")])
def test_a_session_is_resumed_by_its_id(asked: str, resumes: str) -> None:
    assert protocol(query={"session": asked}).resumes == resumes


@pytest.mark.parametrize(
    "headers",
    [{"openai-beta": "realtime=v1"}, {"sec-websocket-protocol": "openai-beta.realtime-v1"}],
)
def test_the_beta_is_refused_in_words(headers: dict[str, str]) -> None:
    refused = protocol(headers=headers).opened()
    assert codes(refused) == ["beta_api_shape_disabled"]
    assert refused[-1] == EndSession(close=True)


def test_the_query_and_the_session_choose_what_the_operator_allows() -> None:
    begin, wrong = begun(
        protocol(
            query={"model": "m", "record": "1", "greeting": "1"},
            settings=ProtocolSettings(models=frozenset({"m"}), voices=frozenset({"*"})),
            session={"type": "realtime", "audio": {"output": {"voice": "ann"}}},
        )
    )
    assert (wrong, begin.greeting, begin.agent_hint) == ([], True, "m")
    assert [begin.changes[one] for one in ("response.model", "voice.name", "record_audio")] == [
        "m",
        "ann",
        True,
    ]
    other, _ = begun(protocol(query={"model": "m"}))
    assert "response.model" not in other.changes


def test_a_session_may_be_for_transcripts_alone() -> None:
    begin, _ = begun(protocol(query={"intent": "transcription"}))
    assert begin.changes["turns.respond"] is False


def test_what_cannot_be_read_of_a_handshake_is_told_and_the_session_begins() -> None:
    begin, wrong = begun(protocol(session={"type": "dance"}))
    assert (wrong, begin.greeting) == (["invalid_value"], False)


def test_an_update_sets_the_session_and_is_told_back() -> None:
    of = protocol()
    reconfigure, reply = sends(of, "session.update", session={"instructions": "Be kind."})
    assert isinstance(reconfigure, Reconfigure)
    assert reconfigure.changes["response.system_prompt"] == "Be kind."
    assert isinstance(reply, Reply)
    assert reply.message["session"]["instructions"] == "Be kind."
    assert of.audio_out_hz == 24_000
    sends(of, "session.update", session=MU_LAW)
    assert of.audio_out_hz == 8000


def test_audio_is_taken_in_the_format_of_the_session_in_either_way() -> None:
    of = protocol()
    assert appends(of, 20) == [Audio(bytes(960), Format(rate_hz=24_000))]
    frame = json.dumps({"type": "input_audio_buffer.append", "audio": "AAAA"})
    assert of.receive_audio(frame) == [Audio(b"\0\0\0", Format(rate_hz=24_000))]
    assert of.receive_audio("{}") is None
    assert of.receive_audio(b"\0") is None
    assert codes(sends(of, "input_audio_buffer.append", audio="a!")) == ["invalid_value"]
    assert codes(of.receive(b"\0\0")) == ["invalid_value"]


@pytest.mark.parametrize(("ms", "wrong"), [(99, True), (100, False)])
def test_a_manual_turn_has_a_tenth_of_a_second_at_least(ms: int, *, wrong: bool) -> None:
    of = protocol(session=MANUAL)
    begun(of)
    appends(of, ms)
    done = sends(of, "input_audio_buffer.commit")
    if wrong:
        assert codes(done) == ["input_audio_buffer_commit_empty"]
    else:
        assert done == [TurnEnded()]
        assert codes(sends(of, "input_audio_buffer.commit")) == ["input_audio_buffer_commit_empty"]


def test_a_refused_commit_keeps_the_audio() -> None:
    of = protocol(session=MANUAL)
    begun(of)
    appends(of, 80)
    assert codes(sends(of, "input_audio_buffer.commit")) == ["input_audio_buffer_commit_empty"]
    appends(of, 80)
    assert sends(of, "input_audio_buffer.commit") == [TurnEnded()]


def test_a_turn_that_is_found_can_be_committed_while_it_is_open() -> None:
    of = protocol()
    appends(of, 500)
    assert codes(sends(of, "input_audio_buffer.commit")) == ["input_audio_buffer_commit_empty"]
    of.messages(CallerStarted(1, 100, over_response=False))
    assert sends(of, "input_audio_buffer.commit") == [TurnEnded()]


def test_a_buffer_that_is_cleared_discards_the_turn() -> None:
    of = protocol(session=MANUAL)
    begun(of)
    appends(of, 500)
    discarded, reply = sends(of, "input_audio_buffer.clear")
    assert (discarded, kinds([reply])) == (TurnDiscarded(), ["input_audio_buffer.cleared"])
    assert codes(sends(of, "input_audio_buffer.commit")) == ["input_audio_buffer_commit_empty"]


def test_over_a_track_sound_is_binary_and_playing_can_be_stopped() -> None:
    of = protocol(has_tracks=True)
    assert of.audio_out_hz == 16_000
    sound = Audio(b"\0\0", Format(rate_hz=48_000))
    assert of.receive(b"\0\0") == of.receive_audio(b"\0\0") == [sound]
    assert of.receive_audio('{"type": "input_audio_buffer.append", "audio": "AAAA"}') is None
    assert codes(appends(of, 20)) == ["invalid_value"]
    assert sends(of, "output_audio_buffer.clear") == []
    of.messages(ResponseStarted(1))
    of.messages(Speech(1, "It is", bytes(32_000), ends=False))
    assert sends(of, "output_audio_buffer.clear") == [Cancelled()]
    assert of.played(1, 500, ends=False) == [Played(1, 500)]
    played, stopped = of.played(1, 1000, ends=True)
    assert (played, kinds([stopped])) == (Played(1, 1000), ["output_audio_buffer.stopped"])


def test_without_a_track_there_is_none_to_clear() -> None:
    assert codes(sends(protocol(), "output_audio_buffer.clear")) == ["invalid_value"]


def test_an_error_names_the_event_and_too_many_events_are_refused() -> None:
    of = protocol(settings=ProtocolSettings(control_messages_per_second=1))
    (reply,) = sends(of, "dance", event_id="e1")
    assert isinstance(reply, Reply)
    assert (reply.message["error"]["event_id"], codes([reply])) == ("e1", ["invalid_value"])
    assert "session.update" in reply.message["error"]["message"]
    refused = [codes(sends(of, "input_audio_buffer.clear")) for _ in range(30)]
    assert (refused[0], refused[-1]) == ([], ["rate_limit_exceeded"])
    assert codes(of.receive("{")) == ["invalid_json"]


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("conversation.item.create", "invalid_type"),
        ("conversation.item.delete", "missing_required_parameter"),
        ("conversation.item.retrieve", "missing_required_parameter"),
        ("conversation.item.truncate", "missing_required_parameter"),
        ("response.cancel", "response_cancel_not_active"),
    ],
)
def test_events_of_items_and_responses_reach_their_part(kind: str, code: str) -> None:
    assert codes(sends(protocol(), kind)) == [code]


def test_the_session_its_notices_and_the_events_of_its_call_are_told() -> None:
    of = protocol()
    (created,) = of.messages(SessionOpened("s_1"))
    assert (created["type"], created["session"]["id"]) == ("session.created", "s_1")
    (error,) = of.messages(Notice("RATE_LIMITED", "Too many", "wait"))
    assert (error["error"]["code"], error["error"]["message"]) == ("rate_limited", "Too many: wait")
    told = [one["type"] for one in of.messages(ResponseStarted(1))]
    assert told == ["response.created", "rate_limits.updated"]
    assert of.messages(SessionClosed()) == []
    (ask, *_) = sends(of, "response.create")
    assert codes([ask]) == ["conversation_already_has_active_response"]


def test_an_item_whose_audio_was_dropped_is_not_truncated_beyond_what_was_sent() -> None:
    p = protocol()
    messages = p.messages(Speech(1, "One two", bytes(48_000), ends=False))
    assert [one for one in messages if p.without_audio(one) is not one] == messages[-1:]
    assert p.without_audio(messages[-1]) is None
    p.audio_dropped(1, 700)
    p.audio_dropped(2, 700)
    (truncated, reply) = sends(
        p,
        "conversation.item.truncate",
        item_id=messages[-1]["item_id"],
        content_index=0,
        audio_end_ms=900,
    )
    assert truncated == Truncated(1, 300)
    assert isinstance(reply, Reply)
    assert reply.message["audio_end_ms"] == 300


def test_names_in_the_query_that_are_no_option_are_told_and_the_session_begins() -> None:
    known = {"model": "m", "intent": "conversation", "session": "s_1", "variables": "{}"}
    assert begun(protocol(query=known))[1] == []
    _, unknown = protocol(query={**known, "eagernes": "low"}).opened()
    assert isinstance(unknown, Reply)
    error = unknown.message["error"]
    assert (error["code"], error["param"]) == ("unknown_parameter", "eagernes")
