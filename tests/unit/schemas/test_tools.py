"""Tools: what the model is told of them, their ids, and which descriptions are refused."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.tools import (
    BUILT_IN,
    END_CALL,
    MOST_SENT_KEYS,
    RINGS_MS,
    SEND_DTMF,
    ToolConfig,
    ToolFunction,
    call_id,
    chosen,
    flaw,
    functions_of,
    idempotency_key,
    transfer_targets,
    transfer_tool,
)

BOOK = ToolConfig(
    name="book",
    description="Book a table.",
    parameters={"type": "object"},
    kind="webhook",
    target="https://a.example/secret",
)
OFFERED = functions_of([BOOK, END_CALL])
NAMES = st.from_regex(r"[A-Za-z0-9_-]{1,12}", fullmatch=True)


def test_the_model_is_told_names_descriptions_and_parameters_alone() -> None:
    assert OFFERED[0] == ToolFunction(
        name="book", description="Book a table.", parameters={"type": "object"}
    )
    assert b"secret" not in msgspec.json.encode(OFFERED)
    assert functions_of([]) == ()


@pytest.mark.parametrize(
    ("choice", "offered", "found"),
    [
        ("auto", OFFERED, "auto"),
        ("required", OFFERED, "required"),
        ("book", OFFERED, "book"),
        ("cook", OFFERED, "auto"),
        ("", OFFERED, "auto"),
        ("required", (), "auto"),
        ("book", (), "auto"),
    ],
)
def test_only_a_tool_that_is_offered_can_be_required(
    choice: str, offered: tuple[ToolFunction, ...], found: str
) -> None:
    assert chosen(choice, offered) == found


@given(*[st.integers(0, 10**6)] * 3, *[st.integers(0, 10**6)] * 3)
def test_two_calls_have_one_id_only_if_they_are_one(
    turn: int, step: int, call: int, turn_2: int, step_2: int, call_2: int
) -> None:
    is_one = (turn, step, call) == (turn_2, step_2, call_2)
    assert (call_id(turn, step, call) == call_id(turn_2, step_2, call_2)) is is_one
    keys = (
        idempotency_key("s_1", turn, step, call),
        idempotency_key("s_1", turn_2, step_2, call_2),
    )
    assert (keys[0] == keys[1]) is is_one
    assert keys[0] != idempotency_key("s_2", turn, step, call)


@pytest.mark.parametrize(
    ("tool", "why"),
    [
        (BOOK, ""),
        (ToolConfig(name="served"), ""),
        (ToolConfig(name="shown", kind="client"), ""),
        (ToolConfig(name="hook", kind="webhook", target="http://a.example"), ""),
        (ToolConfig(name="hook", kind="webhook"), "hook: the target"),
        (ToolConfig(name="hook", kind="webhook", target="ftp://a.example"), "hook: the target"),
        (ToolConfig(name="hook", kind="webhook", target="file:///etc"), "hook: the target"),
        (END_CALL, "end_call: a built-in tool is named"),
        (ToolConfig(name="mine", kind="builtin"), "mine: a built-in tool is named"),
    ],
)
def test_a_description_of_a_tool_is_refused_with_the_reason(tool: ToolConfig, why: str) -> None:
    found = flaw(tool)
    assert found.startswith(why)
    assert bool(found) is bool(why)


@pytest.mark.parametrize("name", ["", "a b", "a.b", "x" * 65, "ä"])
def test_a_name_is_of_letters_that_every_model_takes(name: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(json.dumps({"name": name}), type=ToolConfig)


@pytest.mark.parametrize("deadline_ms", [99, 110_001])
def test_a_deadline_has_bounds(deadline_ms: int) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"name": "book", "deadline_ms": deadline_ms}, ToolConfig)


def test_the_tool_to_hand_over_names_its_targets_to_the_model() -> None:
    tool = transfer_tool({"sales": "Sells.", "vault": ""})
    assert transfer_targets(tool) == ("sales", "vault")
    assert tool.description.splitlines()[1:] == ["sales: Sells.", "vault"]
    assert (tool.kind, tool.timeout_ms) == ("builtin", 10_000)
    assert tool.parameters["required"] == ["agent"]


def test_a_telephone_rings_for_longer_than_an_agent_takes() -> None:
    tool = transfer_tool({"sales": ""}, {"boss": "+1"})
    assert transfer_targets(tool) == ("sales", "boss")
    assert tool.timeout_ms == RINGS_MS


@given(st.dictionaries(NAMES, st.text(max_size=9), max_size=5))
def test_all_targets_are_found_again(agents: dict[str, str]) -> None:
    assert transfer_targets(transfer_tool(agents)) == tuple(agents)


@pytest.mark.parametrize(
    "parameters", [{}, {"properties": {}}, {"properties": {"agent": {"type": "string"}}}]
)
def test_a_tool_without_targets_hands_over_to_nobody(parameters: dict[str, Any]) -> None:
    assert transfer_targets(ToolConfig(name="transfer", parameters=parameters)) == ()


def test_built_in_tools_are_found_by_name() -> None:
    assert BUILT_IN == {"end_call": END_CALL, "send_dtmf": SEND_DTMF}
    pattern = SEND_DTMF.parameters["properties"]["keys"]["pattern"]
    assert f"{{1,{MOST_SENT_KEYS}}}" in pattern
