"""The dialect of `/ws/voice/continuous`, message by message."""

from __future__ import annotations

import base64
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
    Measured,
    Reply,
    Sound,
    Speak,
    Trouble,
    Words,
)
from edge.protocols.client_protocol import Json
from edge.protocols.continuous import ContinuousDialect, Options, close_code, options_of
from edge.protocols.prices import PRICES, cost_usd
from runtime.audio import read_wav
from schemas.events import TurnMeasured


def only(messages: list[Json]) -> Json:
    (message,) = messages
    return message


def test_the_messages_are_the_documented_ones() -> None:
    d = ContinuousDialect()
    d.began("s_1")
    assert only(d.tell(Words("What's the weather like?", True, True, 0.9512))) == {
        "type": "user_transcript",
        "text": "What's the weather like?",
        "confidence": 0.95,
    }
    assert only(d.tell(AnswerDone(1, "It is sunny.", "gpt-oss-120b", 1.2345, 1000, 2000))) == {
        "type": "ai_complete",
        "full_response": "It is sunny.",
        "model_used": "gpt-oss-120b",
        "response_time": 1.234,
        "cost": 0.00185,
    }
    interrupted = only(d.tell(Interrupted(1, "It")))
    assert interrupted["message"] == "AI stopped speaking due to user interruption"
    greeting = only(d.tell(Speak(0, "Hello!", b"\1\0" * 80, ends=True)))
    assert (greeting["type"], greeting["text"], greeting["session"]) == (
        "greeting",
        "Hello!",
        "s_1",
    )
    assert read_wav(base64.b64decode(greeting["audio"])) == b"\1\0" * 80


def test_an_answer_comes_by_sentence_or_by_chunk() -> None:
    sentence = only(ContinuousDialect().tell(Speak(1, "Hi.", b"\1\0", ends=False)))
    assert set(sentence) == {"type", "text", "audio"}
    assert sentence["type"] == "ai_audio"
    chunks = ContinuousDialect(Options(chunks=True))
    (begin,) = chunks.opened()
    assert isinstance(begin, Begin)
    assert begin.delivery is Delivery.CHUNKS
    last = only(chunks.tell(Speak(1, "", b"", ends=True)))
    assert last == {"type": "ai_audio_chunk", "text": "", "audio": "", "is_complete": True}


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
    error = only(ContinuousDialect().tell(Trouble(stage, "why")))
    assert (error["code"], error["details"]) == (code, "why")
    assert close_code(stage) == close


def test_control_messages() -> None:
    d = ContinuousDialect()
    assert d.receive('{"type": "end_call"}') == [Finish(close=True)]
    stamp = "2024-01-01T12:00:00Z"
    assert d.receive(f'{{"type": "ping", "timestamp": "{stamp}"}}') == [
        Reply({"type": "pong", "timestamp": stamp})
    ]
    assert d.receive('{"type": "ping"}') == [Reply({"type": "pong", "timestamp": None})]
    for frame, code in (("{", "INVALID_JSON"), ('{"type": "dance"}', "UNKNOWN_TYPE")):
        (reply,) = d.receive(frame)
        assert isinstance(reply, Reply)
        assert reply.message["code"] == code
        assert set(reply.message) == {"type", "message", "code", "details"}


def test_what_a_client_did_not_ask_for_it_is_not_told() -> None:
    measured = Measured(TurnMeasured(tenant="t", session="s", at_ms=1, turn=1, pause_ms=100.0))
    plain, full = ContinuousDialect(), ContinuousDialect(Options(partials=True, metrics=True))
    assert plain.tell(Words("Hel", final=False)) == []
    assert plain.tell(measured) == []
    assert only(full.tell(Words("Hel", final=False)))["type"] == "user_transcript_partial"
    metrics = only(full.tell(measured))
    assert (metrics["type"], metrics["pause_ms"]) == ("turn_metrics", 100.0)
    assert "session" not in metrics


def test_options_are_read_from_the_query_and_what_cannot_be_is_told() -> None:
    query = {"audio": "chunks", "greeting": "0", "eagerness": "wild", "metrics": "2"}
    options = options_of({**query, "silence_ms": "700", "interrupt_words": "-1", "x": "y"})
    assert (options.chunks, options.greeting, options.metrics) == (True, False, False)
    begin, *told = ContinuousDialect(options).opened()
    assert isinstance(begin, Begin)
    assert begin.options == {"greeting": False, "silence_ms": 700}
    said = [one.message for one in told if isinstance(one, Reply)]
    assert [one["code"] for one in said] == ["INVALID_OPTION"] * 2
    assert "low, auto or high" in said[0]["details"]
    assert "from 1 to 20" in said[1]["details"]


def test_local_models_cost_nothing_and_hosted_ones_their_price() -> None:
    assert cost_usd("llama:gemma", 10_000, 10_000) == 0
    model, (prompt, completion) = next(iter(PRICES.items()))
    assert cost_usd(model, 1_000_000, 1_000_000) == round(prompt + completion, 8)


@given(st.lists(st.binary(max_size=50), max_size=20))
def test_any_chunking_gives_the_same_sound(chunks: list[bytes]) -> None:
    d = ContinuousDialect()
    heard = b"".join(i.pcm for c in chunks for i in d.receive(c) if isinstance(i, Sound))
    whole = b"".join(chunks)
    assert heard == whole[: len(whole) // 2 * 2]


@given(st.text(max_size=300))
def test_no_text_is_a_fault_of_ours(text: str) -> None:
    for intent in ContinuousDialect().receive(text):
        assert isinstance(intent, Reply | Finish)
