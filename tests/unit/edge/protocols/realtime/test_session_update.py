"""Updates of the session object: merged deeply, refused as a whole."""

from __future__ import annotations

from typing import Any

import pytest

from edge.protocols.realtime.session_object import SessionObject
from edge.protocols.realtime.session_update import BETA, updated
from edge.protocols.realtime.wire import RequestError

TOOL = {"type": "function", "name": "wave"}


def after(*patches: dict[str, Any]) -> SessionObject:
    found = SessionObject()
    for patch in patches:
        found = updated(found, patch)
    return found


def heard(**fields: Any) -> dict[str, Any]:
    return {"audio": {"input": fields}}


def spoken(**fields: Any) -> dict[str, Any]:
    return {"audio": {"output": fields}}


def test_an_update_changes_what_it_names_and_nothing_else() -> None:
    found = after(
        {"instructions": "Be brief.", **spoken(speed=1.25)},
        spoken(voice="eva"),
        heard(transcription={"language": "de"}),
    )
    assert found.instructions == "Be brief."
    assert (found.audio.output.speed, found.audio.output.voice) == (1.25, "eva")
    assert found.audio.input.transcription
    assert (found.audio.input.transcription.language, found.audio.input.transcription.model) == (
        "de",
        "aura",
    )
    assert updated(found, {}) == found


def test_lists_are_replaced_and_not_merged() -> None:
    found = after({"tools": [TOOL, {**TOOL, "name": "nod"}]}, {"tools": [TOOL]})
    assert [tool.name for tool in found.tools] == ["wave"]
    assert after({"tools": [TOOL]}, {"tools": []}).tools == ()


def test_a_null_at_the_top_changes_nothing_and_one_below_switches_off() -> None:
    found = after({"instructions": "Be brief."}, {"instructions": None, "audio": None})
    assert found.instructions == "Be brief."
    assert after(heard(turn_detection=None)).is_manual


@pytest.mark.parametrize(
    ("patches", "kind"),
    [
        ([heard(turn_detection={"type": "server_vad"})], "server_vad"),
        ([heard(turn_detection={"eagerness": "low"})], "semantic_vad"),
        ([heard(turn_detection={"silence_duration_ms": 300})], "server_vad"),
        ([heard(turn_detection={"threshold": 0.7})], "server_vad"),
        ([heard(turn_detection={"type": "semantic_vad", "threshold": 0.7})], "semantic_vad"),
        ([heard(turn_detection=None), heard(turn_detection={})], "server_vad"),
        (
            [heard(turn_detection={"type": "server_vad"}), heard(turn_detection={"threshold": 0})],
            "server_vad",
        ),
    ],
)
def test_the_kind_of_detection_follows_from_its_fields_if_it_is_not_named(
    patches: list[dict[str, Any]], kind: str
) -> None:
    detection = after(*patches).audio.input.turn_detection
    assert detection
    assert detection.type == kind


def test_fields_of_a_detection_stay_when_another_one_is_set() -> None:
    detection = after(
        heard(turn_detection={"type": "server_vad", "silence_duration_ms": 700}),
        heard(turn_detection={"threshold": 0.7}),
    ).audio.input.turn_detection
    assert detection
    assert (detection.silence_duration_ms, detection.threshold) == (700, 0.7)


@pytest.mark.parametrize(
    ("patch", "modality"),
    [
        ({"modalities": ["text"]}, "text"),
        ({"modalities": ["text", "audio"]}, "audio"),
        ({"modalities": ["text"], "output_modalities": ["audio"]}, "audio"),
    ],
)
def test_the_older_name_of_the_modalities_is_understood(
    patch: dict[str, Any], modality: str
) -> None:
    assert after(patch).modality == modality


@pytest.mark.parametrize("name", list(BETA))
def test_a_name_of_the_beta_is_refused_with_the_present_one(name: str) -> None:
    with pytest.raises(RequestError, match=BETA[name]) as refused:
        after({name: "x"})
    assert (refused.value.code, refused.value.param) == ("unknown_parameter", f"session.{name}")


@pytest.mark.parametrize(
    ("side", "form", "good"),
    [
        ("input", {"type": "audio/pcm"}, True),
        ("input", {"type": "audio/pcm", "rate": 24_000}, True),
        ("input", {"type": "audio/pcm", "rate": 16_000}, False),
        ("output", {"type": "audio/pcmu", "rate": 8000}, True),
        ("output", {"type": "audio/pcmu", "rate": 24_000}, False),
    ],
)
def test_a_format_with_another_rate_than_its_own_is_refused(
    side: str, form: dict[str, Any], good: bool
) -> None:
    patch = {"audio": {side: {"format": form}}}
    if good:
        assert after(patch)
        return
    with pytest.raises(RequestError) as refused:
        after(patch)
    assert refused.value.param == f"session.audio.{side}.format.rate"


@pytest.mark.parametrize(
    ("patch", "param"),
    [
        (None, "session"),
        ([], "session"),
        ({"instructions": 7}, "session.instructions"),
        (heard(turn_detection="server_vad"), "session.audio.input.turn_detection"),
        (heard(turn_detection={"threshold": 2}), "session.audio.input.turn_detection.threshold"),
        (spoken(speed=9), "session.audio.output.speed"),
        ({"audio": {"input": None}}, "session.audio.input"),
        ({"tools": [{"type": "mcp"}]}, "session.tools[0].type"),
    ],
)
def test_an_update_with_a_wrong_value_changes_nothing(patch: Any, param: str) -> None:
    before = after({"instructions": "Be brief."})
    with pytest.raises(RequestError) as refused:
        updated(before, patch)
    assert refused.value.param == param
    assert before == after({"instructions": "Be brief."})
