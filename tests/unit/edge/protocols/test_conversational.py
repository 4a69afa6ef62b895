"""The protocol of `/ws`, message by message."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.messages.client_commands import Audio, Begin, EndSession, Reply
from edge.core.messages.client_events import (
    CallerTranscript,
    ClientToolCalled,
    ClientToolCancelled,
    Interrupted,
    Notice,
    ResponseDone,
    SessionClosed,
    SessionOpened,
    Speech,
    Trouble,
)
from edge.core.messages.inputs import ClientToolResult, Typed
from edge.protocols.parsing import MOST_TEXT_CHARS
from edge.protocols.session_options import MOST_UNKNOWN_NAMES
from runtime.audio.conversion import read_wav
from runtime.audio.wav import Format, WavHeader
from tests.unit.edge.protocols.connected import Listener
from tests.unit.edge.protocols.conversational_client import chunk, connected, error_of


def test_the_messages_are_the_documented_ones() -> None:
    d = connected()
    assert d.opened() == [
        Reply(
            {
                "type": "connection_established",
                "connection_id": "conn_0",
                "message": "Connected to Conversational AI",
            }
        )
    ]
    assert d.messages(SessionOpened("session_conn_0_1234567890")) == [
        {
            "type": "conversation_started",
            "session_id": "session_conn_0_1234567890",
            "message": "Ready to listen",
        }
    ]
    assert d.messages(CallerTranscript("Hello, how are you?", final=True)) == [
        {
            "type": "transcript",
            "text": "Hello, how are you?",
            "is_final": True,
            "turn_detected": True,
        }
    ]
    assert d.messages(SessionClosed()) == [
        {"type": "conversation_ended", "message": "Conversation ended"}
    ]


def test_a_response_is_a_wav_of_16_khz() -> None:
    (message,) = connected().messages(Speech(1, "Hi.", b"\x01\x00" * 160, ends=True))
    assert set(message) == {"type", "text", "audio_data"}
    wav = base64.b64decode(message["audio_data"])
    parsed = WavHeader().read(wav)
    assert parsed
    assert parsed[0] == Format(rate_hz=16_000)
    assert read_wav(wav) == b"\x01\x00" * 160


def test_an_operator_may_have_another_rate() -> None:
    d = connected(started=True, rate_hz=24_000)
    assert d.audio_out_hz == 24_000
    (message,) = d.messages(Speech(1, "Hi.", b"\x01\x00" * 240, ends=True))
    parsed = WavHeader().read(base64.b64decode(message["audio_data"]))
    assert parsed
    assert (parsed[0].rate_hz, parsed[2]) == (24_000, 480)
    assert d.receive(b"abcd") == [Audio(b"abcd", Format(rate_hz=24_000))]


def test_a_conversation_asks_for_whole_responses_or_a_stream_of_sentences() -> None:
    whole = connected().receive('{"type": "start_conversation"}')
    assert whole == [Begin({"voice.delivery": "whole"})]
    streamed = connected().receive('{"type": "start_conversation", "stream": true}')
    assert streamed == [Begin({"voice.delivery": "sentences"})]
    (begin,) = connected().receive(
        '{"type": "start_conversation", "language": "de", "eagerness": "low", "prefix_ms": 400}'
    )
    assert isinstance(begin, Begin)
    assert begin.changes == {
        "language": "de",
        "turns.eagerness": "low",
        "turns.prefix_ms": 400,
        "voice.delivery": "whole",
    }
    assert not begin.greeting


def test_a_conversation_is_recorded_where_its_caller_agrees() -> None:
    (begin,) = connected().receive('{"type": "start_conversation", "record": true}')
    assert isinstance(begin, Begin)
    assert begin.changes["record_audio"] is True
    (begin,) = connected().receive('{"type": "start_conversation", "record": "yes"}')
    assert isinstance(begin, Begin)
    assert "record_audio" not in begin.changes


@pytest.mark.parametrize(
    "options",
    [
        '"stream": "yes"',
        '"language": 5',
        '"eagerness": "very"',
        '"eagerness": [1]',
        '"language": "ü"',
        '"silence_ms": true',
        '"silence_ms": 1.5',
        '"silence_ms": "99999999999"',
        '"min_speech_ms": 0',
    ],
)
def test_options_that_make_no_sense_are_refused(options: str) -> None:
    error = error_of(connected().receive(f'{{"type": "start_conversation", {options}}}'))
    assert error["code"] == "PROCESSING_ERROR"


@pytest.mark.parametrize(
    ("frame", "code", "message"),
    [
        ("", "INVALID_JSON", "Invalid JSON format"),
        ("nope", "INVALID_JSON", "Invalid JSON format"),
        ("5", "INVALID_JSON", "Invalid JSON format"),
        ("null", "INVALID_JSON", "Invalid JSON format"),
        ("{}", "INVALID_JSON", "Invalid JSON format"),
        ('{"type": null}', "INVALID_JSON", "Invalid JSON format"),
        ('{"type": "x"}', "UNKNOWN_TYPE", "Unknown message type: x"),
        (chunk(b"12"), "NO_SESSION", "No active conversation session"),
        ('{"type": "end_conversation"}', "NO_SESSION", "No active conversation session"),
        ('{"type": "text", "text": "Hi."}', "NO_SESSION", "No active conversation session"),
    ],
)
def test_the_documented_errors(frame: str, code: str, message: str) -> None:
    error = error_of(connected().receive(frame))
    assert (error["code"], error["message"]) == (code, message)


def test_a_turn_may_be_typed() -> None:
    d = connected(started=True)
    assert d.receive('{"type": "text", "text": " What is\\n it? "}') == [Typed("What is it?")]
    assert d.receive(r'{"type": "text", "text": "a\ud800"}') == [Typed("a?")]


@pytest.mark.parametrize("text", [None, 5, ["Hi"], "", " \n ", "x" * (MOST_TEXT_CHARS + 1)])
def test_a_typed_turn_without_words_or_with_too_many_is_refused(text: object) -> None:
    error = error_of(connected(started=True).receive(json.dumps({"type": "text", "text": text})))
    assert error["code"] == "PROCESSING_ERROR"
    assert error["message"].startswith("Audio processing error: text must ")


def test_the_end_of_a_conversation_is_not_that_of_the_connection() -> None:
    d = connected(started=True)
    assert d.receive('{"type": "end_conversation"}') == [EndSession(close=False)]
    d.messages(SessionClosed())
    assert error_of(d.receive(chunk(b"12")))["code"] == "NO_SESSION"


def test_a_conversation_asked_for_while_another_ends_takes_audio() -> None:
    """The model hangs up, and the client begins again before it is told."""
    protocol = connected()
    protocol.receive('{"type": "start_conversation"}')
    protocol.messages(SessionClosed())
    protocol.messages(SessionOpened("s_2"))
    assert isinstance(protocol.receive(bytes(640))[0], Audio)


def test_a_session_that_could_not_begin_takes_no_audio() -> None:
    d = connected()
    d.receive('{"type": "start_conversation"}')
    d.forget_session()
    assert error_of(d.receive(chunk(b"12")))["code"] == "NO_SESSION"


def test_a_long_type_is_not_sent_back_whole() -> None:
    error = error_of(connected().receive(json.dumps({"type": "x\n" * 50_000})))
    assert len(error["message"]) < 100
    assert "\n" not in error["message"]


def test_other_events() -> None:
    d = connected()
    assert d.messages(ResponseDone(1, "", "", 0.1, 0, 0)) == []
    assert d.messages(Interrupted(1, "It is"))[0]["heard"] == "It is"
    (error,) = d.messages(Trouble("llm", "no answer"))
    assert error["message"] == "Audio processing error: llm: no answer"
    assert error["code"] == "PROCESSING_ERROR"


def test_the_bus_is_told_as_audio() -> None:
    d = connected()
    assert d.messages(Trouble("bus", "why")) == d.messages(Trouble("audio", "why"))


def test_a_stage_that_stays_down_has_no_code_of_its_own() -> None:
    assert not connected().admission.stage_close_codes


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=12,
)
TYPES = st.sampled_from(["start_conversation", "audio_chunk", "end_conversation", "text", "x"])


@given(
    st.lists(
        st.text(max_size=60)
        | st.binary(max_size=200)
        | JSON.map(json.dumps)
        | st.builds(
            lambda kind, data: json.dumps({"type": kind, "audio_data": data, "text": data}),
            TYPES,
            JSON,
        )
        | st.binary(max_size=60).map(lambda tail: chunk(b"RIFF" + tail)),
        max_size=8,
    )
)
def test_no_input_is_a_fault_of_ours(frames: list[str | bytes]) -> None:
    d, listener = connected(), Listener()
    for frame in frames:
        commands = d.receive(frame)
        for command in commands:
            assert isinstance(command, Begin | Audio | EndSession | Reply | Typed)
        assert len(listener.hear(commands)) % 2 == 0


def test_a_tool_of_the_client_is_called_cancelled_and_answered() -> None:
    client = connected(started=True)
    called = ClientToolCalled("call_1_0_0", "show", '{"page": 2}')
    assert client.messages(called) == [
        {
            "type": "tool_call",
            "call_id": "call_1_0_0",
            "name": "show",
            "arguments": {"page": 2},
        }
    ]
    assert client.messages(ClientToolCancelled("call_1_0_0")) == [
        {"type": "tool_cancelled", "call_id": "call_1_0_0"}
    ]
    answer = {"type": "tool_result", "call_id": "c"}
    for said, expected in (
        ({"result": {"ok": True}}, ClientToolResult("c", '{"ok": true}')),
        ({"result": "fine"}, ClientToolResult("c", "fine")),
        ({"result": None}, ClientToolResult("c", "null")),
        ({"error": "no \ud800 screen"}, ClientToolResult("c", "no ? screen", failed=True)),
    ):
        assert client.receive(json.dumps({**answer, **said})) == [expected]


@pytest.mark.parametrize(
    "message", [{}, {"call_id": 7, "result": 1}, {"call_id": "c"}, {"call_id": "c", "error": 1}]
)
def test_a_result_that_cannot_be_read_is_told(message: dict[str, Any]) -> None:
    client = connected(started=True)
    error = error_of(client.receive(json.dumps({"type": "tool_result", **message})))
    assert error["code"] == "INVALID_TOOL_RESULT"


def test_a_notice_is_an_error_with_its_code() -> None:
    (told,) = connected().messages(Notice("CALL_ENDED", "The call was ended", "the shop closes"))
    assert told == {
        "type": "error",
        "message": "The call was ended",
        "code": "CALL_ENDED",
        "details": "the shop closes",
    }


def test_names_that_are_no_option_are_told_and_the_session_begins() -> None:
    unknown = {f"unknown_{one}": one for one in range(50)}
    start = {"type": "start_conversation", "stream": True, "eagernes": "low", **unknown}
    begin, *errors = connected().receive(json.dumps(start))
    assert isinstance(begin, Begin)
    assert error_of(errors[:1]) == {
        "type": "error",
        "message": "Option ignored: eagernes is no option",
        "code": "INVALID_OPTION",
    }
    assert len(errors) == MOST_UNKNOWN_NAMES
