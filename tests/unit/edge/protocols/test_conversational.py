"""The dialect of `/ws`, message by message."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.notices import (
    AnswerDone,
    Begin,
    Delivery,
    Finish,
    Interrupted,
    Reply,
    Sound,
    Speak,
    Trouble,
    Words,
)
from edge.protocols.conversational import ConversationalDialect
from runtime.audio import read_wav, write_wav


def dialect(*, started: bool = False) -> ConversationalDialect:
    made = ConversationalDialect("conn_0")
    if started:
        made.receive('{"type": "start_conversation"}')
    return made


def chunk(audio: bytes) -> str:
    return json.dumps({"type": "audio_chunk", "audio_data": base64.b64encode(audio).decode()})


def error_of(intents: list[Any]) -> dict[str, Any]:
    (reply,) = intents
    assert isinstance(reply, Reply)
    assert reply.message["type"] == "error"
    return reply.message


def test_the_messages_are_the_documented_ones() -> None:
    d = dialect()
    assert d.opened() == [
        {
            "type": "connection_established",
            "connection_id": "conn_0",
            "message": "Connected to Conversational AI",
        }
    ]
    assert d.began("session_conn_0_1234567890") == [
        {
            "type": "conversation_started",
            "session_id": "session_conn_0_1234567890",
            "message": "Ready to listen",
        }
    ]
    assert d.tell(Words("Hello, how are you?", final=True, turn_ends=True)) == [
        {
            "type": "transcript",
            "text": "Hello, how are you?",
            "is_final": True,
            "turn_detected": True,
        }
    ]
    assert d.ended() == [{"type": "conversation_ended", "message": "Conversation ended"}]


def test_an_answer_is_a_wav_of_16_khz() -> None:
    (message,) = dialect().tell(Speak(1, "Hi.", b"\x01\x00" * 160, ends=True))
    assert set(message) == {"type", "text", "audio_data"}
    assert read_wav(base64.b64decode(message["audio_data"])) == b"\x01\x00" * 160


def test_a_conversation_asks_for_whole_answers_or_a_stream_of_sentences() -> None:
    assert dialect().receive('{"type": "start_conversation"}') == [Begin(Delivery.WHOLE)]
    streamed = dialect().receive('{"type": "start_conversation", "stream": true}')
    assert streamed == [Begin(Delivery.SENTENCES)]
    (begin,) = dialect().receive(
        '{"type": "start_conversation", "language": "de", "eagerness": "low", "prefix_ms": 400}'
    )
    assert isinstance(begin, Begin)
    assert begin.options == {"language": "de", "eagerness": "low", "prefix_ms": 400}


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
    error = error_of(dialect().receive(f'{{"type": "start_conversation", {options}}}'))
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
    ],
)
def test_the_documented_errors(frame: str, code: str, message: str) -> None:
    error = error_of(dialect().receive(frame))
    assert (error["code"], error["message"]) == (code, message)


@pytest.mark.parametrize(
    "frame",
    [
        '{"type": "audio_chunk"}',
        '{"type": "audio_chunk", "audio_data": 7}',
        '{"type": "audio_chunk", "audio_data": "a"}',
        chunk(b"RIFF\x00\x00\x00\x00JUNK"),
        chunk(write_wav(b"12")[:20] + b"\xff" * 24),
    ],
)
def test_bad_audio_is_told_and_the_conversation_goes_on(frame: str) -> None:
    d = dialect(started=True)
    error = error_of(d.receive(frame))
    assert error["code"] == "PROCESSING_ERROR"
    assert error["message"].startswith("Audio processing error: ")
    assert d.receive(chunk(write_wav(b"1234"))) == [Sound(b"1234")]


def test_audio_may_be_wavs_or_one_header_and_raw_pcm_or_raw_pcm() -> None:
    d = dialect(started=True)
    assert d.receive(chunk(write_wav(b"abcd"))) == [Sound(b"abcd")]
    assert d.receive(chunk(b"efgh")) == [Sound(b"efgh")]
    assert d.receive(b"ijk") == [Sound(b"ij")]
    assert d.receive(b"l") == [Sound(b"kl")]


def test_the_end_of_a_conversation_is_not_that_of_the_connection() -> None:
    d = dialect(started=True)
    assert d.receive('{"type": "end_conversation"}') == [Finish(close=False)]
    d.ended()
    assert error_of(d.receive(chunk(b"12")))["code"] == "NO_SESSION"


def test_a_long_type_is_not_sent_back_whole() -> None:
    error = error_of(dialect().receive(json.dumps({"type": "x\n" * 50_000})))
    assert len(error["message"]) < 100
    assert "\n" not in error["message"]


def test_other_notices() -> None:
    d = dialect()
    assert d.tell(AnswerDone(1, "", "", 0.1, 0, 0)) == []
    assert d.tell(Interrupted(1, "It is"))[0]["heard"] == "It is"
    (error,) = d.tell(Trouble("llm", "no answer"))
    assert error["message"] == "Audio processing error: llm: no answer"
    assert error["code"] == "PROCESSING_ERROR"


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=12,
)
TYPES = st.sampled_from(["start_conversation", "audio_chunk", "end_conversation", "x"])


@given(
    st.lists(
        st.text(max_size=60)
        | st.binary(max_size=200)
        | JSON.map(json.dumps)
        | st.builds(lambda kind, data: json.dumps({"type": kind, "audio_data": data}), TYPES, JSON)
        | st.binary(max_size=60).map(lambda tail: chunk(b"RIFF" + tail)),
        max_size=8,
    )
)
def test_no_input_is_a_fault_of_ours(frames: list[str | bytes]) -> None:
    d = dialect()
    for frame in frames:
        for intent in d.receive(frame):
            assert isinstance(intent, Begin | Sound | Finish | Reply)
            if isinstance(intent, Sound):
                assert len(intent.pcm) % 2 == 0
