"""The protocol of `/ws/voice/continuous`, message by message."""

from __future__ import annotations

import base64
import json
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from edge.core.messages.client_commands import Audio, EndSession, Reply
from edge.core.messages.client_events import (
    CallerTranscript,
    ClientToolCalled,
    ClientToolCancelled,
    Interrupted,
    Measured,
    ResponseDone,
    SessionOpened,
    Speech,
    Trouble,
)
from edge.core.messages.inputs import ClientToolResult, Typed
from edge.protocols.client_protocol import Handshake, ProtocolSettings
from edge.protocols.continuous import MOST_TIMESTAMP_CHARS, ContinuousProtocol
from edge.protocols.parsing import MOST_TEXT_CHARS
from runtime.audio.containers import container_of
from runtime.audio.conversion import AudioOut, read_wav
from runtime.audio.wav import Format, WavHeader
from runtime.prices import PRICES, cost_usd
from schemas.events import TurnMeasured
from tests.unit.edge.protocols.connected import Listener
from tests.unit.edge.protocols.continuous_client import connected, error_of, ignored, only


def test_the_messages_are_the_documented_ones() -> None:
    d = connected()
    d.messages(SessionOpened("s_1"))
    assert only(d.messages(CallerTranscript("What's the weather like?", True, 0.9512))) == {
        "type": "user_transcript",
        "text": "What's the weather like?",
        "confidence": 0.95,
    }
    done = ResponseDone(1, "It is sunny.", "gpt-oss-120b", 1.2345, 1000, 2000)
    assert only(d.messages(done)) == {
        "type": "ai_complete",
        "full_response": "It is sunny.",
        "model_used": "gpt-oss-120b",
        "response_time": 1.234,
        "cost": 0.00185,
    }
    interrupted = only(d.messages(Interrupted(1, "It")))
    assert interrupted["message"] == "AI stopped speaking due to user interruption"
    greeting = only(d.messages(Speech(0, "Hello!", b"\1\0" * 80, ends=True)))
    assert (greeting["type"], greeting["text"], greeting["session"]) == (
        "greeting",
        "Hello!",
        "s_1",
    )
    assert read_wav(base64.b64decode(greeting["audio"])) == b"\1\0" * 80


def test_a_response_comes_by_sentence_or_by_chunk() -> None:
    sentences = connected()
    begin, _ = ignored(sentences)
    assert begin.changes["voice.delivery"] == "sentences"
    sentence = only(sentences.messages(Speech(1, "Hi.", b"\1\0", ends=False)))
    assert set(sentence) == {"type", "text", "audio"}
    assert sentence["type"] == "ai_audio"
    chunks = connected({"audio": "chunks"})
    begin, _ = ignored(chunks)
    assert begin.changes["voice.delivery"] == "chunks"
    last = only(chunks.messages(Speech(1, "", b"", ends=True)))
    assert last == {"type": "ai_audio_chunk", "text": "", "audio": "", "is_complete": True}


def test_audio_goes_out_and_comes_in_at_the_operators_rate() -> None:
    d = ContinuousProtocol(Handshake("conn_0", settings=ProtocolSettings(rate_hz=24_000)))
    assert d.audio_out_hz == 24_000
    pcm = AudioOut(d.audio_out_hz).feed(bytes(32 * 100))
    wav = base64.b64decode(only(d.messages(Speech(1, "Hi.", pcm, ends=True)))["audio"])
    parsed = WavHeader().read(wav)
    assert parsed
    assert (parsed[0].rate_hz, parsed[2]) == (24_000, 48 * 100)
    assert d.receive(b"abcd") == [Audio(b"abcd", Format(rate_hz=24_000))]
    heard = Listener().hear(d.receive(bytes(48 * 1000)))
    assert len(heard) == pytest.approx(32_000, abs=1000)


@pytest.mark.parametrize(
    ("stage", "code", "close"),
    [
        ("audio", "AUDIO_ERROR", 4001),
        ("stt", "STT_ERROR", 4002),
        ("llm", "LLM_ERROR", 4003),
        ("tts", "TTS_ERROR", 4004),
    ],
)
def test_each_stage_has_its_error_and_close_code(stage: Any, code: str, close: int) -> None:
    error = only(connected().messages(Trouble(stage, "why")))
    assert (error["code"], error["details"]) == (code, "why")
    assert connected().admission.stage_close_codes[stage] == close


def test_the_bus_is_told_as_audio() -> None:
    of = connected()
    assert of.messages(Trouble("bus", "why")) == of.messages(Trouble("audio", "why"))


def test_control_messages() -> None:
    d = connected()
    assert d.receive('{"type": "end_call"}') == [EndSession(close=True)]
    stamp = "2024-01-01T12:00:00Z"
    assert d.receive(f'{{"type": "ping", "timestamp": "{stamp}"}}') == [
        Reply({"type": "pong", "timestamp": stamp})
    ]
    assert d.receive('{"type": "ping"}') == [Reply({"type": "pong", "timestamp": None})]
    for frame, code in (("{", "INVALID_JSON"), ('{"type": "dance"}', "UNKNOWN_TYPE")):
        assert error_of(d.receive(frame))["code"] == code


def test_a_timestamp_that_cannot_be_encoded_is_answered_with_one_that_can() -> None:
    (pong,) = connected().receive(r'{"type": "ping", "timestamp": "a\ud800b"}')
    assert isinstance(pong, Reply)
    assert json.loads(msgspec.json.encode(pong.message)) == {"type": "pong", "timestamp": "a?b"}


def test_a_long_timestamp_is_not_sent_back_whole() -> None:
    (pong,) = connected().receive(json.dumps({"type": "ping", "timestamp": "x" * 50_000}))
    assert isinstance(pong, Reply)
    assert pong.message["timestamp"] == "x" * MOST_TIMESTAMP_CHARS


def test_a_turn_may_be_typed() -> None:
    d = connected()
    assert d.receive('{"type": "text", "text": " What is\\n it? "}') == [Typed("What is it?")]
    assert d.receive(r'{"type": "text", "text": "a\ud800"}') == [Typed("a?")]
    longest = "x" * MOST_TEXT_CHARS
    assert d.receive(json.dumps({"type": "text", "text": longest})) == [Typed(longest)]


@pytest.mark.parametrize("text", [None, 5, ["Hi"], "", " \n ", "x" * (MOST_TEXT_CHARS + 1)])
def test_a_typed_turn_without_words_or_with_too_many_is_refused(text: object) -> None:
    error = error_of(connected().receive(json.dumps({"type": "text", "text": text})))
    assert (error["code"], error["message"]) == ("INVALID_TEXT", "Text ignored")
    assert error_of(connected().receive('{"type": "text"}'))["code"] == "INVALID_TEXT"


def test_unrequested_messages_are_not_sent() -> None:
    measured = Measured(TurnMeasured(tenant="t", session="s", at_ms=1, turn=1, pause_ms=100.0))
    plain, full = connected(), connected({"partials": "1", "metrics": "1"})
    assert plain.messages(CallerTranscript("Hel", final=False)) == []
    assert plain.messages(measured) == []
    assert (
        only(full.messages(CallerTranscript("Hel", final=False)))["type"]
        == "user_transcript_partial"
    )
    metrics = only(full.messages(measured))
    assert (metrics["type"], metrics["pause_ms"]) == ("turn_metrics", 100.0)
    assert "session" not in metrics


def test_the_sessions_id_is_told_where_no_greeting_does() -> None:
    told = {"type": "session", "session": "s_1", "resumed": False}
    assert connected().messages(SessionOpened("s_1")) == []
    assert connected({"greeting": "0"}).messages(SessionOpened("s_1")) == [told]
    assert connected().messages(SessionOpened("s_1", resumed=True)) == [{**told, "resumed": True}]
    cut = connected().messages(SessionOpened("s_1", resumed=True, heard="It is"))
    assert cut == [{**told, "resumed": True, "heard": "It is"}]


def test_local_models_cost_nothing_and_hosted_ones_their_price() -> None:
    assert cost_usd("llama:gemma", 10_000, 10_000) == 0
    model, (prompt, completion) = next(iter(PRICES.items()))
    assert cost_usd(model, 1_000_000, 1_000_000) == round(prompt + completion, 8)


def begins_a_file(chunk: bytes) -> bool:
    return chunk[:4] == b"RIFF" or container_of(chunk, first=True) is not None


@given(st.lists(st.binary(max_size=50), max_size=20))
def test_any_chunking_gives_the_same_sound(chunks: list[bytes]) -> None:
    assume(not any(begins_a_file(chunk) for chunk in chunks))
    d, listener = connected(), Listener()
    heard = b"".join(listener.hear(d.receive(chunk)) for chunk in chunks)
    whole = b"".join(chunks)
    assert heard == whole[: len(whole) // 2 * 2]


@given(st.text(max_size=300))
def test_no_text_is_a_fault_of_ours(text: str) -> None:
    for command in connected().receive(text):
        assert isinstance(command, Reply | EndSession | Typed)


def test_a_tool_of_the_client_is_called_cancelled_and_answered() -> None:
    client = connected()
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
    client = connected()
    error = error_of(client.receive(json.dumps({"type": "tool_result", **message})))
    assert error["code"] == "INVALID_TOOL_RESULT"
