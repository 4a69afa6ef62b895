"""The agent's file, its schema, its page and its example say the same."""

from __future__ import annotations

import json
import re
import typing
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
import yaml

from edge.protocols.session_options import NUMBERS, SESSION_NAMES
from runtime.agents.file import load
from schemas.agent import SECTIONS, WORDS, Agent, changes
from schemas.session_config import CLIENT_OPTIONS, ClientOption, SessionConfig, value_at

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "restaurant" / "agents" / "host.yaml"
SCHEMA = json.loads((ROOT / "schemas" / "agent.schema.json").read_text(encoding="utf-8"))


def test_the_page_shows_the_example_as_it_is() -> None:
    page = (ROOT / "docs" / "agents.md").read_text(encoding="utf-8")
    shown = re.search(r"<!-- agent -->\n(.*?)<!-- /agent -->", page, re.DOTALL)
    assert shown
    lines = [line.removeprefix("    ") for line in shown[1].splitlines()]
    assert lines == EXAMPLE.read_text(encoding="utf-8").splitlines()


def test_the_example_is_an_agent_and_fits_the_schema_that_its_first_line_names() -> None:
    _, text, agent = load(EXAMPLE)
    assert SessionConfig().but(changes(agent)).turns.eagerness == "low"
    jsonschema.validate(yaml.safe_load(text), SCHEMA)
    named = text.splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    assert (EXAMPLE.parent / named).resolve() == ROOT / "schemas" / "agent.schema.json"


@pytest.mark.parametrize(
    "wrong",
    [
        {"promt": "x"},
        {"turns": {"silence_ms": 9999}},
        {"turns": {"eagernes": "low"}},
        {"variables": {"a": "x"}},
        {"callers": {"may_set": ["colour"]}},
        {"language": "e n"},
    ],
)
def test_the_schema_refuses_what_apply_refuses(wrong: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, SCHEMA)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wrong, Agent)


def test_every_field_of_a_section_is_a_field_of_the_configuration() -> None:
    for section, (part, _) in SECTIONS.items():
        name = SCHEMA["properties"][section]["$ref"].rpartition("/")[2]
        for field in SCHEMA["$defs"][name]["properties"]:
            of_the_model = section == "model" and field == "name"
            value_at(SessionConfig(), f"{part}.{'model' if of_the_model else field}")
    for path in WORDS.values():
        value_at(SessionConfig(), path)


def test_what_callers_may_set_is_what_clients_may_ask_for() -> None:
    assert set(typing.get_args(ClientOption)) == set(CLIENT_OPTIONS)
    assert SESSION_NAMES | {"record"} == set(CLIENT_OPTIONS)
    assert set(NUMBERS.values()) < set(CLIENT_OPTIONS.values())
