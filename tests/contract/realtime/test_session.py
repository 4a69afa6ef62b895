"""The session object: merged, checked, told whole; what it sets in a call; who may open one."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from edge.core.messages.client_events import Transferred
from edge.protocols.realtime import RealtimeProtocol
from edge.protocols.realtime.client_secret import claimed_session
from edge.protocols.realtime.session_object import SessionObject
from schemas.session_config import SessionConfig
from tests.contract.realtime.caller import OPERATORS, RealtimeCaller


def updated(session: Any, c: RealtimeCaller | None = None) -> RealtimeCaller:
    c = c or RealtimeCaller()
    c.send({"type": "session.update", "event_id": "u", "session": session})
    return c


def found(**turn_detection: Any) -> dict[str, Any]:
    return {"type": "realtime", "audio": {"input": {"turn_detection": turn_detection}}}


def test_a_session_is_created_with_all_that_it_is_set_to() -> None:
    (created,) = RealtimeCaller(model="gpt-realtime").told
    session = created["session"]
    assert (session["type"], session["model"]) == ("realtime", "gpt-realtime")
    assert session["id"] == "s_0123456789abcdef"
    assert session["output_modalities"] == ["audio"]
    assert session["audio"]["input"]["turn_detection"] == {
        "type": "semantic_vad",
        "create_response": True,
        "interrupt_response": True,
        "eagerness": "auto",
    }
    assert session["audio"]["output"]["format"] == {"type": "audio/pcm", "rate": 24000}
    assert session["instructions"] == ""  # the operator's are nobody else's


def test_an_update_is_merged_deeply_and_answered_whole() -> None:
    c = updated(found(type="server_vad", threshold=0.3, silence_duration_ms=700))
    updated(found(threshold=0.6), c)
    updated({"type": "realtime", "instructions": "Be brief."}, c)
    session = c.last("session.updated")["session"]
    assert session["audio"]["input"]["turn_detection"] == {
        "type": "server_vad",
        "create_response": True,
        "interrupt_response": True,
        "threshold": 0.6,
        "prefix_padding_ms": 300,
        "silence_duration_ms": 700,
        "idle_timeout_ms": None,
    }
    assert session["instructions"] == "Be brief."
    assert c.config.turns.silence_ms == 700
    assert c.config.turns.threshold == 0.6
    assert c.config.response.system_prompt == "Be brief."


def test_a_reset_value_is_the_operators_again() -> None:
    c = updated({"type": "realtime", "instructions": "Be brief.", "max_output_tokens": 5})
    assert c.config.response.max_tokens == 5
    updated({"type": "realtime", "instructions": "", "max_output_tokens": "inf"}, c)
    assert c.config.response == OPERATORS.response


@pytest.mark.parametrize(
    ("session", "changes"),
    [
        ({}, {}),
        (found(type="semantic_vad", eagerness="low"), {"turns.eagerness": "low"}),
        (found(type="semantic_vad", eagerness="medium"), {"turns.eagerness": "auto"}),
        (
            found(type="server_vad"),
            {"turns.silence_ms": 500, "turns.prefix_ms": 300, "turns.threshold": 0.5},
        ),
        (found(silence_duration_ms=0), {"turns.silence_ms": 20, "turns.prefix_ms": 300}),
        (
            found(type="server_vad", silence_duration_ms=99_999, prefix_padding_ms=99_999),
            {"turns.silence_ms": 5000, "turns.prefix_ms": 1000},
        ),
        (
            found(type="server_vad", idle_timeout_ms=6000),
            {"turns.silence_ms": 500, "turns.prefix_ms": 300, "turns.idle_ms": 6000},
        ),
        (found(create_response=False), {"turns.respond": False}),
        (found(interrupt_response=False), {"interruption.allowed": False}),
        ({"output_modalities": ["text"]}, {"voice.delivery": "text"}),
        ({"modalities": ["text", "audio"]}, {}),
        ({"audio": {"input": {"transcription": {"language": "de"}}}}, {"language": "de"}),
        ({"type": "transcription"}, {"turns.respond": False}),
        ({"max_output_tokens": 12}, {"response.max_tokens": 12}),
    ],
)
def test_changes_of_the_call_by_the_session_object(
    session: dict[str, Any], changes: dict[str, Any]
) -> None:
    c = updated(session)
    assert c.errors == []
    assert c.config == OPERATORS.but({"voice.delivery": "chunks", **changes})


def test_all_values_are_within_the_bounds_of_the_configuration() -> None:
    for turn_detection in (
        None,
        {"type": "server_vad", "prefix_padding_ms": 0, "threshold": 0},
        {"type": "server_vad", "prefix_padding_ms": 10**9, "silence_duration_ms": 10**9},
    ):
        c = updated({"audio": {"input": {"turn_detection": turn_detection}}})
        assert c.errors == []
        assert isinstance(c.config, SessionConfig)


@pytest.mark.parametrize(
    ("session", "code", "param"),
    [
        (None, "invalid_type", "session"),
        ([], "invalid_type", "session"),
        ({"type": "song"}, "invalid_value", "session.type"),
        (
            found(type="server_vad", threshold=2),
            "invalid_value",
            "session.audio.input.turn_detection.threshold",
        ),
        (
            found(type="server_vad", threshold="high"),
            "invalid_type",
            "session.audio.input.turn_detection.threshold",
        ),
        (found(type="psychic"), "invalid_value", "session.audio.input.turn_detection.type"),
        ({"output_modalities": []}, "invalid_value", "session.output_modalities"),
        ({"voice": "alloy"}, "unknown_parameter", "session.voice"),
        ({"input_audio_format": "pcm16"}, "unknown_parameter", "session.input_audio_format"),
        ({"turn_detection": None}, "unknown_parameter", "session.turn_detection"),
        ({"turn_detection": {}}, "unknown_parameter", "session.turn_detection"),
        (
            {"audio": {"input": {"format": {"type": "audio/pcm", "rate": 16000}}}},
            "invalid_value",
            "session.audio.input.format.rate",
        ),
        ({"max_output_tokens": 0}, "invalid_value", "session.max_output_tokens"),
    ],
)
def test_an_update_that_cannot_be_changes_nothing(session: Any, code: str, param: str) -> None:
    c = updated(session)
    before = RealtimeCaller()
    error = c.last("error")["error"]
    assert (error["code"], error["param"], error["event_id"]) == (code, param, "u")
    assert c.config == before.config
    updated({}, c)
    assert c.last("session.updated")["session"] == before.told[0]["session"]


def test_a_client_of_the_beta_is_told_so_and_let_go() -> None:
    for headers in (
        {"openai-beta": "realtime=v1"},
        {"sec-websocket-protocol": "realtime, openai-beta.realtime-v1"},
    ):
        c = RealtimeCaller(headers=headers)
        assert c.closed
        assert c.told[0]["error"]["code"] == "beta_api_shape_disabled"


@pytest.mark.parametrize(
    ("headers", "token"),
    [
        ({"authorization": "Bearer abc"}, "abc"),
        ({"sec-websocket-protocol": "realtime, openai-insecure-api-key.abc"}, "abc"),
        ({"sec-websocket-protocol": "realtime"}, ""),
        ({}, ""),
    ],
)
def test_the_key_is_in_the_header_or_in_a_subprotocol(headers: dict[str, str], token: str) -> None:
    assert RealtimeCaller(headers=headers).protocol.token == token
    assert RealtimeProtocol.admission.subprotocols == ("realtime",)


def test_a_model_is_the_language_models_where_the_operator_lists_it() -> None:
    assert RealtimeCaller(model="small", models="small large").config.response.model == "small"
    assert RealtimeCaller(model="gpt-realtime", models="small").config.response.model == ""


def secret(claims: object) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"ek_head.{payload}.signature"


def test_a_client_secret_carries_its_session() -> None:
    session = {"type": "realtime", "instructions": "Sell nothing.", "output_modalities": ["text"]}
    token = secret({"realtime_session": session})
    c = RealtimeCaller(headers={"authorization": f"Bearer {token}"})
    assert c.told[0]["session"]["instructions"] == "Sell nothing."
    assert c.config.voice.delivery == "text"


@pytest.mark.parametrize(
    "token",
    ["", "ek_", "ek_a.b.c", "ek_a.%%.c", secret([]), secret({"realtime_session": 7}), "sk_a.e30.c"],
)
def test_a_token_without_a_session_carries_none(token: str) -> None:
    assert claimed_session(token) == {}


def test_a_session_that_a_secret_cannot_have_is_told_and_left_out() -> None:
    token = secret({"realtime_session": {"output_modalities": ["smell"]}})
    c = RealtimeCaller(headers={"authorization": f"Bearer {token}"})
    assert c.errors == ["invalid_value"]
    assert c.told[-1]["session"]["output_modalities"] == ["audio"]


def test_the_told_session_object_is_accepted_as_an_update() -> None:
    told = SessionObject().as_json("s")
    c = updated(told)
    assert c.errors == []
    assert c.config == RealtimeCaller().config


# ---------------------------------------------------------------- how it sounds


def output(**audio: Any) -> dict[str, Any]:
    return {"type": "realtime", "audio": {"output": audio}}


@pytest.mark.parametrize(
    ("voices", "asked", "spoken"),
    [
        ("", "marin", ""),
        ("joe amy", "marin", ""),
        ("joe amy", "amy", "amy"),
        ("joe amy", {"id": "amy"}, "amy"),
        ("*", "marin", "marin"),
        ("*", "../etc/passwd", ""),
        ("*", None, ""),
    ],
)
def test_a_voice_speaks_that_callers_may_ask_for_and_others_change_nothing(
    voices: str, asked: Any, spoken: str
) -> None:
    c = RealtimeCaller(voices=voices, session=output(voice=asked) if asked else None)
    assert c.config.voice.name == spoken
    c = RealtimeCaller(voices=voices)
    c.send({"type": "session.update", "session": output(voice=asked)})
    assert c.config.voice.name == spoken
    assert c.errors == []


@pytest.mark.parametrize(("asked", "spoken"), [(1.0, 1.0), (1.5, 1.5), (0.5, 0.5), (0.25, 0.5)])
def test_a_client_says_how_fast_it_is_spoken(asked: float, spoken: float) -> None:
    c = RealtimeCaller()
    c.send({"type": "session.update", "session": output(speed=asked)})
    assert c.config.voice.speed == spoken
    assert c.last("session.updated")["session"]["audio"]["output"]["speed"] == asked


def test_a_client_is_told_when_another_agent_has_the_call() -> None:
    c = RealtimeCaller(model="host")
    (told,) = c.protocol.messages(Transferred("cook"))
    assert told["type"] == "session.updated"
    assert told["session"]["model"] == "cook"
    assert told["session"]["id"] == "s_0123456789abcdef"
