"""The configuration of a session that opens, and the options that are refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from edge.door.agents.agent_choice import CallSettings
from edge.door.opening.opening_rules import RECORDED, OpeningRules, ignored
from edge.door.opening.recording_policy import RecordingPolicy
from schemas.agent import AgentUsed
from schemas.session_config import SessionConfig
from schemas.tools import ToolConfig

RULES = OpeningRules(knows_voices=True, recording=RecordingPolicy("ask", redacts=False))
AGENT = AgentUsed(name="support", revision=1)


def chosen(
    changes: Mapping[str, Any] | None = None, agent: AgentUsed | None = None
) -> CallSettings:
    return CallSettings(SessionConfig(), agent, changes or {}, with_changes=SessionConfig().but)


def test_an_edge_adds_its_tools_but_not_in_place_of_the_clients_own() -> None:
    own, edges = (ToolConfig(name="lookup", target=whose) for whose in ("client", "edge"))
    other = ToolConfig(name="hang_up")
    config = SessionConfig(tools=(own,))
    assert RULES.completed(config, [edges, other]).tools == (own, other)


def test_without_a_model_of_voices_voice_alone_stops_no_response() -> None:
    config = SessionConfig().but({"interruption.voice_ms": 300})
    without_model = OpeningRules(knows_voices=False, recording=RULES.recording)
    assert RULES.completed(config, []).interruption.voice_ms == 300
    assert without_model.completed(config, []).interruption.voice_ms == 0


@pytest.mark.parametrize("recorded", [True, False])
def test_other_changes_keep_the_recording_as_it_is(recorded: bool) -> None:
    changes = {"turns.eagerness": "low", RECORDED: not recorded}
    config = RULES.with_changes(chosen(), [], changes, recorded=recorded)
    assert config.turns.eagerness == "low"
    assert config.record_audio is recorded


def test_settings_that_cannot_be_changed_stay() -> None:
    settings = CallSettings(SessionConfig(language="de"), AGENT)
    config = RULES.with_changes(settings, [], {"language": "en"}, recorded=False)
    assert config.language == "de"


@pytest.mark.parametrize(
    ("changes", "agent", "stranger", "refused"),
    [
        ({RECORDED: True}, None, True, True),
        ({RECORDED: True}, None, False, False),
        ({}, AGENT, True, False),  # the operator's file asks, and not the stranger
        ({}, None, True, False),
    ],
)
def test_a_stranger_cannot_have_itself_recorded(
    changes: dict[str, Any], agent: AgentUsed | None, stranger: bool, refused: bool
) -> None:
    why = RULES.recording_refusal(chosen(changes, agent), stranger=stranger)
    assert bool(why) is refused


def test_each_refused_option_is_told_once() -> None:
    settings = CallSettings(SessionConfig(), None, {RECORDED: True}, ("no such option: speed",))
    option, recording = ignored(settings, "the voice is not allowed", "the disk is full")
    assert option.details == "no such option: speed; the voice is not allowed"
    assert (recording.code, recording.details) == ("NOT_RECORDED", "the disk is full")


def test_a_recording_that_nobody_asked_for_is_not_missed() -> None:
    assert ignored(chosen(), "", "the disk is full") == []
