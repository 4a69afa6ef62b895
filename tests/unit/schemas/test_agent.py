"""An agent's file: what it may set, and where each value goes in the configuration."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.agent import (
    MOST_AGENT_TOOLS,
    MOST_TARGETS,
    MOST_VARIABLES,
    SECTIONS,
    WORDS,
    Agent,
    AgentTool,
    AgentUsed,
    changes,
    parted,
)
from schemas.session_config import SessionConfig, value_at
from schemas.tools import ToolConfig

NAMES = st.from_regex(r"[A-Za-z0-9_-]{1,12}", fullmatch=True)


def agent(**fields: Any) -> Agent:
    return msgspec.convert(fields, Agent)


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({}, {}),
        ({"prompt": ""}, {"response.system_prompt": ""}),
        (
            {"prompt": "Be kind.", "greeting": "Hi."},
            {
                "response.system_prompt": "Be kind.",
                "response.greeting": "Hi.",
            },
        ),
        ({"language": "de", "record_audio": False}, {"language": "de", "record_audio": False}),
        (
            {"model": {"name": "m", "max_tokens": 9}},
            {
                "response.model": "m",
                "response.max_tokens": 9,
            },
        ),
        ({"voice": {"name": "eva"}}, {"voice.name": "eva"}),
        ({"turns": {"silence_ms": 0}}, {"turns.silence_ms": 0}),
        ({"turns": {}}, {}),
        ({"interruption": {"allowed": False}}, {"interruption.allowed": False}),
        ({"idle": {"after_s": 30}}, {"idle.after_s": 30}),
        ({"tool_use": {"max_steps": 1}}, {"tool_use.max_steps": 1}),
        ({"limits": {"call_s": 60}}, {"limits.call_s": 60.0}),
        ({"spend": {"tokens": 5}}, {"spend.tokens": 5}),
        ({"webhook": {"words": False}}, {"webhook.words": False}),
        ({"description": "x", "tools": ["book"], "transfer_to": ["b"], "phones": {"c": "1"}}, {}),
    ],
)
def test_only_what_the_file_sets_changes_the_configuration(
    fields: dict[str, Any], found: dict[str, Any]
) -> None:
    assert changes(agent(**fields)) == found


def test_every_value_of_a_section_has_its_place_in_the_configuration() -> None:
    config = SessionConfig()
    for part, _ in SECTIONS.values():
        assert isinstance(value_at(config, part), msgspec.Struct)
    for path in WORDS.values():
        value_at(config, path)
    whole = {
        name: msgspec.to_builtins(value_at(config, part)) for name, (part, _) in SECTIONS.items()
    }
    del whole["turns"]["waits"], whole["voice"]["delivery"]
    del whole["model"]["greeting"], whole["model"]["system_prompt"]
    whole["model"]["name"] = whole["model"].pop("model")
    found = changes(agent(**whole))
    assert config.but(found) == config, "each default is put back where it was"
    assert len(found) == sum(map(len, whole.values()))


@pytest.mark.parametrize(
    "fields",
    [
        {"promt": "Be kind."},
        {"voice": {"delivery": "text"}},  # the protocol's, not the agent's
        {"turns": {"waits": {"finished_ms": 1, "unclear_ms": 1, "unfinished_ms": 1}}},
        {"model": {"system_prompt": "x"}},
        {"model": {"model": "m"}},
        {"model": {"temperature": 2.1}},
        {"voice": {"name": "../eva"}},
        {"turns": {"eagerness": "wild"}},
        {"language": "d"},
        {"language": "de_DE"},
        {"prompt": "x" * 32_001},
        {"transfer_to": ["a b"]},
        {"transfer_to": ["a"] * (MOST_TARGETS + 1)},
        {"tools": ["a"] * (MOST_AGENT_TOOLS + 1)},
        {"tools": [{"name": "a", "mcp": True}]},
        {"variables": {f"v{k}": {} for k in range(MOST_VARIABLES + 1)}},
        {"variables": {"a": {"max_chars": 0}}},
        {"callers": {"may_set": ["prompt"]}},
        {"phones": {"boss": "tel:1"}},
        {"phones": {"boss": "+1 415"}},
        {"phones": {"boss": "sip:a b"}},
        {"phones": {"a boss": "1"}},
    ],
)
def test_a_file_with_anything_else_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        agent(**fields)


@pytest.mark.parametrize("phone", ["110", "+14155550100", "*21#", "sip:a@b.example", "sips:a@b"])
def test_a_telephone_is_a_number_or_a_sip_address(phone: str) -> None:
    assert agent(phones={"boss": phone}).phones == {"boss": phone}


def test_a_described_tool_is_the_tool_of_a_session() -> None:
    tools = agent(tools=[{"name": "hook", "kind": "webhook", "target": "https://a"}]).tools
    assert not isinstance(tools, msgspec.UnsetType)
    (tool,) = tools
    assert isinstance(tool, AgentTool)
    assert tool.config() == ToolConfig(name="hook", kind="webhook", target="https://a")
    assert type(tool.config()) is ToolConfig


@pytest.mark.parametrize(
    ("named", "name", "revision"),
    [
        ("anna", "anna", 0),
        ("anna@7", "anna", 7),
        ("anna@0", "anna@0", 0),
        ("anna@", "anna@", 0),
        ("anna@x", "anna@x", 0),
        ("anna@-7", "anna@-7", 0),
        ("anna@\u0667", "anna@\u0667", 0),  # a digit of another script
        ("anna@" + "9" * 18, "anna", 10**18 - 1),
        ("anna@" + "9" * 19, "anna@" + "9" * 19, 0),
        ("@7", "", 7),
        ("", "", 0),
    ],
)
def test_a_revision_follows_the_name(named: str, name: str, revision: int) -> None:
    assert parted(named) == (name, revision)


@given(NAMES, st.integers(1, 10**18 - 1))
def test_an_agent_in_use_is_named_so_that_it_is_found_again(name: str, revision: int) -> None:
    assert parted(str(AgentUsed(name=name, revision=revision))) == (name, revision)
