"""The session object: how its fields set the call, and how it is told back."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.protocols.realtime.session_object import AudioFormat, SessionObject, TurnDetection
from schemas.session_config import SessionConfig

USUAL = {"voice.delivery": "chunks"}
"""The changes of a client that sets nothing."""
MANUAL = {
    "turns.by_client": True,
    "turns.respond": False,
    "turns.speculate": False,
    "turns.min_speech_ms": 20,
    "interruption.allowed": False,
}


def session(**fields: Any) -> SessionObject:
    return msgspec.convert(fields, SessionObject)


def turns(kind: str, **fields: Any) -> dict[str, Any]:
    """Return the fields of a session with this detection of turns."""
    return {"audio": {"input": {"turn_detection": {"type": kind, **fields}}}}


def output(**fields: Any) -> dict[str, Any]:
    return {"audio": {"output": fields}}


# ---------------------------------------------------------------- the call


@pytest.mark.parametrize(
    ("fields", "changes"),
    [
        ({}, {}),
        ({"output_modalities": ["text"]}, {"voice.delivery": "text"}),
        ({"output_modalities": ["text", "audio"]}, {}),
        ({"instructions": "Be brief."}, {"response.system_prompt": "Be brief."}),
        ({"instructions": ""}, {}),
        ({"instructions": None}, {}),
        ({"max_output_tokens": 9}, {"response.max_tokens": 9}),
        ({"max_output_tokens": "inf"}, {}),
        ({"type": "transcription"}, {"turns.respond": False}),
        (output(speed=1.25), {"voice.speed": 1.25}),
        (output(speed=1), {}),
        (output(speed=None), {}),
        (output(speed=0.25), {"voice.speed": 0.5}),  # the slowest that voices speak
        ({"audio": {"input": {"transcription": {"language": "de"}}}}, {"language": "de"}),
        ({"audio": {"input": {"transcription": {"language": ""}}}}, {}),
        ({"audio": {"input": {"transcription": None}}}, {}),
        ({"tool_choice": "required"}, {"tool_use.choice": "required"}),
        ({"tool_choice": "none"}, {"tool_use.max_steps": 0}),
        ({"tool_choice": None}, {}),
        ({"audio": {"input": {"turn_detection": None}}}, MANUAL),
    ],
)
def test_a_client_changes_only_what_it_sets(
    fields: dict[str, Any], changes: dict[str, Any]
) -> None:
    assert session(**fields).changes == {**USUAL, **changes}


@pytest.mark.parametrize(
    ("fields", "changes"),
    [
        (turns("semantic_vad"), {}),
        (turns("semantic_vad", eagerness="low"), {"turns.eagerness": "low"}),
        (turns("semantic_vad", eagerness="medium"), {"turns.eagerness": "auto"}),
        (turns("semantic_vad", eagerness="high"), {"turns.eagerness": "high"}),
        (turns("semantic_vad", eagerness="auto"), {}),  # the operator's
        (turns("semantic_vad", eagerness=None), {}),
        (turns("semantic_vad", create_response=False), {"turns.respond": False}),
        (turns("semantic_vad", create_response=None), {}),
        (turns("semantic_vad", interrupt_response=False), {"interruption.allowed": False}),
    ],
)
def test_turns_by_their_words_leave_the_rest_to_the_operator(
    fields: dict[str, Any], changes: dict[str, Any]
) -> None:
    assert session(**fields).changes == {**USUAL, **changes}


@pytest.mark.parametrize(
    ("fields", "changes"),
    [
        ({}, {"turns.silence_ms": 500, "turns.prefix_ms": 300, "turns.threshold": 0.5}),
        ({"silence_duration_ms": 0}, {"turns.silence_ms": 20}),
        ({"silence_duration_ms": None}, {"turns.silence_ms": 20}),
        ({"silence_duration_ms": 60_000}, {"turns.silence_ms": 5000}),
        ({"prefix_padding_ms": 0}, {"turns.prefix_ms": 20}),
        ({"prefix_padding_ms": 60_000}, {"turns.prefix_ms": 1000}),
        ({"threshold": 0.0}, {"turns.threshold": 0.0}),
        ({"idle_timeout_ms": 5000}, {"turns.idle_ms": 5000}),
        ({"create_response": False}, {"turns.respond": False}),
    ],
)
def test_turns_by_silence_alone_are_set_within_the_bounds_of_calls(
    fields: dict[str, Any], changes: dict[str, Any]
) -> None:
    found = session(**turns("server_vad", **fields)).changes
    assert {name: found[name] for name in changes} == changes


def test_without_a_threshold_the_operators_holds() -> None:
    assert "turns.threshold" not in session(**turns("server_vad", threshold=None)).changes


@given(
    st.sampled_from(["server_vad", "semantic_vad"]),
    st.integers(0, 10**9) | st.none(),
    st.integers(0, 10**9) | st.none(),
    st.integers(5000, 30_000) | st.none(),
    st.floats(0, 1) | st.none(),
    st.floats(0.25, 1.5) | st.none(),
)
def test_what_a_client_may_ask_for_is_a_valid_configuration(
    kind: Any,
    silence_ms: int | None,
    prefix_ms: int | None,
    idle_ms: int | None,
    threshold: float | None,
    speed: float | None,
) -> None:
    detection = TurnDetection(
        type=kind,
        silence_duration_ms=silence_ms,
        prefix_padding_ms=prefix_ms,
        idle_timeout_ms=idle_ms,
        threshold=threshold,
    )
    audio = {
        "input": {"turn_detection": msgspec.to_builtins(detection)},
        "output": {"speed": speed},
    }
    assert SessionConfig().but(session(audio=audio).changes)


@pytest.mark.parametrize(
    ("fields", "is_manual", "responds"),
    [
        ({}, False, True),
        (turns("server_vad", create_response=False), False, False),
        (turns("server_vad", create_response=None), False, True),
        ({"audio": {"input": {"turn_detection": None}}}, True, False),
    ],
)
def test_it_says_who_ends_turns_and_whether_a_response_follows(
    fields: dict[str, Any], is_manual: bool, responds: bool
) -> None:
    found = session(**fields)
    assert (found.is_manual, found.responds) == (is_manual, responds)


@pytest.mark.parametrize(
    ("voice", "name"), [("default", ""), (None, ""), ("eva", "eva"), ({"id": "eva"}, "eva")]
)
def test_a_voice_is_a_name_or_an_id(voice: Any, name: str) -> None:
    assert session(**output(voice=voice)).voice == name


# ---------------------------------------------------------------- formats


@pytest.mark.parametrize(
    ("kind", "rate_hz", "told", "width"),
    [
        ("audio/pcm", 24_000, {"type": "audio/pcm", "rate": 24_000}, 2),
        ("audio/pcmu", 8000, {"type": "audio/pcmu"}, 1),
        ("audio/pcma", 8000, {"type": "audio/pcma"}, 1),
    ],
)
def test_a_format_has_one_rate(kind: Any, rate_hz: int, told: dict[str, Any], width: int) -> None:
    found = AudioFormat(type=kind)
    assert (found.rate_hz, found.samples.rate_hz, found.as_json) == (rate_hz, rate_hz, told)
    assert found.samples.width == width


def test_a_format_that_is_null_is_the_usual_one() -> None:
    found = session(audio={"input": {"format": None}, "output": {"format": None}})
    assert found.input_format == found.output_format == AudioFormat()


# ---------------------------------------------------------------- what the client is told


def test_the_object_is_told_back_with_every_default() -> None:
    told = session().as_json("sess_1")
    assert told["id"] == "sess_1"
    assert (told["type"], told["object"], told["model"]) == ("realtime", "realtime.session", "aura")
    assert told["output_modalities"] == ["audio"]
    assert (told["tools"], told["tool_choice"]) == ([], "auto")
    assert told["max_output_tokens"] == "inf"
    assert told["audio"]["output"]["voice"] == "default"
    assert told["audio"]["input"]["turn_detection"] == {
        "type": "semantic_vad",
        "create_response": True,
        "interrupt_response": True,
        "eagerness": "auto",
    }


def test_turns_by_silence_are_told_with_their_times() -> None:
    told = session(**turns("server_vad", idle_timeout_ms=6000)).as_json("s")
    assert told["audio"]["input"]["turn_detection"] == {
        "type": "server_vad",
        "create_response": True,
        "interrupt_response": True,
        "threshold": 0.5,
        "prefix_padding_ms": 300,
        "silence_duration_ms": 500,
        "idle_timeout_ms": 6000,
    }


def test_turns_that_the_client_ends_are_told_as_null() -> None:
    found = session(audio={"input": {"turn_detection": None, "transcription": None}})
    heard = found.as_json("s")["audio"]["input"]
    assert (heard["turn_detection"], heard["transcription"]) == (None, None)


def test_a_transcription_session_has_no_voice() -> None:
    told = session(type="transcription").as_json("s")
    assert told["object"] == "realtime.transcription_session"
    assert set(told) == {"type", "object", "id", "audio"}
    assert set(told["audio"]) == {"input"}


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "other"},
        {"output_modalities": []},
        {"output_modalities": ["video"]},
        {"max_output_tokens": 0},
        {"max_output_tokens": 4097},
        {"max_output_tokens": "many"},
        {"instructions": "x" * 65_537},
        output(speed=0.2),
        output(speed=1.6),
        output(format={"type": "audio/opus"}),
        turns("other"),
        turns("server_vad", threshold=1.1),
        turns("server_vad", silence_duration_ms=-1),
        turns("server_vad", idle_timeout_ms=4999),
        turns("semantic_vad", eagerness="wild"),
        {"audio": {"input": {"transcription": {"language": "de_DE"}}}},
    ],
)
def test_a_value_out_of_its_bounds_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        session(**fields)
