"""The tools of an agent's file: what it may say, and which line is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

import schemas
from runtime.agents.config_file import ConfigFileError
from runtime.agents.file import parse
from runtime.agents.resolve import CallOptions, resolve
from schemas.session_config import SessionConfig
from schemas.tools import ToolConfig

GOOD = """\
tools:
  - find_table
  - end_call
  - name: menu
    kind: client
    description: Show the menu.
  - {name: pay, kind: webhook, target: "https://pay.example/aura", idempotent: true}
tool_use: {max_steps: 2, wait_words: ""}
limits: {call_s: 300, idle_s: 30}
transfer_to: [cook, bar]
phones: {desk: "+14155550100", chef: "sip:chef@kitchen.example"}
"""


def test_an_agent_names_tools_and_describes_some() -> None:
    agent = parse(GOOD)
    assert agent.tools
    assert agent.tools[:2] == ("find_table", "end_call")
    menu, pay = agent.tools[2:]
    assert not isinstance(menu, str)
    assert menu.config() == ToolConfig(name="menu", kind="client", description="Show the menu.")
    assert not isinstance(pay, str)
    assert (pay.target, pay.idempotent) == ("https://pay.example/aura", True)
    assert agent.transfer_to == ("cook", "bar")
    assert agent.phones == {"desk": "+14155550100", "chef": "sip:chef@kitchen.example"}


def test_how_tools_are_used_and_the_limits_are_part_of_the_configuration() -> None:
    made = resolve(parse(GOOD), SessionConfig(), CallOptions({}, {}, {})).config
    assert (made.tool_use.max_steps, made.tool_use.wait_words) == (2, "")
    assert made.tool_use.wait_ms == SessionConfig().tool_use.wait_ms
    assert (made.limits.call_s, made.limits.idle_s) == (300, 30)


def test_an_empty_list_of_tools_differs_from_no_list() -> None:
    assert parse("tools: []").tools == ()
    assert parse("prompt: x").tools is msgspec.UNSET


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("tools: [a, b, a]", 1, "two tools a"),
        ("tools:\n  - a\n  - 7", 3, "Expected"),
        ("tools:\n  - name: x\n    kinds: client", 3, "did you mean kind?"),
        ("tools:\n  - name: x\n    kind: magic", 3, "magic"),
        ("tools:\n  - {name: x, kind: builtin}", 2, "named, not described"),
        ("tools:\n  - {name: x, kind: webhook, target: 'ftp://x'}", 2, "http or https"),
        ("tools:\n  - {name: 'a b', kind: client}", 2, "name"),
        ("tools: [transfer]", 1, "transfer_to"),
        ("transfer_to: [cook]\ntools:\n  - {name: transfer, kind: client}", 3, "transfer_to"),
        ("transfer_to: ['tenant.other.cook']", 1, "regex"),
        ("phones: {desk: 'the front'}", 1, "regex"),
        ("phones: {desk: 'sip:a b'}", 1, "regex"),
        ("phones: {'a b': '5'}", 1, "regex"),
        ("tool_use: {max_step: 2}", 1, "did you mean max_steps?"),
        ("limits:\n  call: 4", 2, "did you mean call_s?"),
        ("limits: {idle_s: -1}", 1, ">= 0"),
    ],
)
def test_a_mistake_is_refused_with_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(ConfigFileError) as refused:
        parse(text)
    assert words in str(refused.value)
    assert refused.value.line == line


def test_an_editor_knows_the_new_fields() -> None:
    schema = json.loads((Path(schemas.__file__).parent / "agent.schema.json").read_text())
    assert {"tools", "tool_use", "transfer_to", "limits"} <= schema["properties"].keys()
    assert schema["$defs"]["AgentTool"]["additionalProperties"] is False
