"""Tools of a client: which definitions are taken, and how they set the session."""

from __future__ import annotations

from typing import Any

import pytest

from edge.core.messages.inputs import ClientToolResult
from edge.protocols.realtime.tools import (
    CLIENT_TOOL_TIMEOUT_MS,
    MOST_SESSION_TOOLS,
    MOST_STEPS,
    MOST_TOOLS_BYTES,
    NamedTool,
    ToolChoice,
    choice_changes,
    read_tools,
    result_of,
    tool_changes,
)
from edge.protocols.realtime.wire import RequestError
from schemas.session_config import SessionConfig
from schemas.tools import MOST_RESULT_BYTES, ToolConfig

MENU = {
    "type": "function",
    "name": "show_menu",
    "description": "Show the menu.",
    "parameters": {"type": "object", "properties": {"page": {"type": "integer"}}},
}
BARE = {"type": "function", "name": "wave"}
CALLED = NamedTool(type="function", name="show_menu")


def test_a_tool_is_told_back_as_it_was_given_with_its_defaults() -> None:
    menu, bare = read_tools([MENU, BARE], "session.tools")
    assert menu.as_json == MENU
    assert bare.as_json == {
        **BARE,
        "description": "",
        "parameters": {"type": "object", "properties": {}},
    }
    (null,) = read_tools([{**BARE, "description": None, "parameters": None}], "session.tools")
    assert null.as_json == bare.as_json


@pytest.mark.parametrize(
    ("given", "code", "param"),
    [
        (None, "invalid_value", "session.tools"),
        ({}, "invalid_value", "session.tools"),
        ([BARE] * (MOST_SESSION_TOOLS + 1), "invalid_value", "session.tools"),
        ([{**BARE, "description": "x" * MOST_TOOLS_BYTES}], "invalid_value", "session.tools"),
        ([BARE, {"type": "mcp", "server_url": "x"}], "invalid_value", "session.tools[1].type"),
        ([{"type": "function"}], "missing_required_parameter", "session.tools[0].name"),
        ([{"name": "wave"}], "missing_required_parameter", "session.tools[0].type"),
        ([{**BARE, "name": "a b"}], "invalid_value", "session.tools[0].name"),
        ([{**BARE, "name": "x" * 65}], "invalid_value", "session.tools[0].name"),
        ([{**BARE, "name": "wave\n"}], "invalid_value", "session.tools[0].name"),
        ([{**BARE, "name": 7}], "invalid_type", "session.tools[0].name"),
        ([{**BARE, "type": "code"}], "invalid_value", "session.tools[0].type"),
        ([{**BARE, "parameters": []}], "invalid_type", "session.tools[0].parameters"),
        ([{**BARE, "parameters": {"maximum": 1 << 64}}], "invalid_value", "session.tools"),
        (["wave"], "invalid_type", "session.tools[0]"),
    ],
)
def test_any_other_definition_is_refused_at_its_place(given: object, code: str, param: str) -> None:
    with pytest.raises(RequestError) as refused:
        read_tools(given, "session.tools")
    assert (refused.value.code, refused.value.param) == (code, param)


def changed(tools: list[dict[str, Any]], choice: ToolChoice) -> SessionConfig:
    """Return the configuration of a session whose operator has one tool."""
    operators = SessionConfig().but({"tools": [{"name": "book"}], "tool_use.wait_sound": True})
    return operators.but(tool_changes(read_tools(tools, "tools"), choice))


@pytest.mark.parametrize(
    ("choice", "set_to"),
    [("auto", "auto"), ("required", "required"), (CALLED, "show_menu")],
)
def test_the_clients_tools_replace_those_of_the_operator(choice: ToolChoice, set_to: str) -> None:
    config = changed([MENU], choice)
    assert config.tools == (
        ToolConfig(
            name="show_menu",
            description="Show the menu.",
            parameters={"type": "object", "properties": {"page": {"type": "integer"}}},
            kind="client",
            timeout_ms=CLIENT_TOOL_TIMEOUT_MS,
        ),
    )
    assert (config.tool_use.choice, config.tool_use.max_steps) == (set_to, MOST_STEPS)
    assert (config.tool_use.wait_words, config.tool_use.wait_sound) == ("", False)


@pytest.mark.parametrize(
    ("tools", "choice", "most_steps", "set_to"),
    [
        ([], "auto", 3, "auto"),
        ([], "required", 3, "required"),
        ([], CALLED, 3, "show_menu"),
        ([], "none", 0, "auto"),
        ([MENU], "none", 0, "auto"),
    ],
)
def test_without_tools_of_the_client_the_choice_holds_for_those_of_the_operator(
    tools: list[dict[str, Any]], choice: ToolChoice, most_steps: int, set_to: str
) -> None:
    config = changed(tools, choice)
    assert [tool.name for tool in config.tools] == ["book"]
    assert (config.tool_use.max_steps, config.tool_use.choice) == (most_steps, set_to)
    assert config.tool_use.wait_words == SessionConfig().tool_use.wait_words


def test_a_choice_alone_sets_no_more_than_itself() -> None:
    assert choice_changes("required") == {"tool_use.choice": "required"}
    assert choice_changes(CALLED) == {"tool_use.choice": "show_menu"}
    assert choice_changes("none") == {"tool_use.max_steps": 0}


@pytest.mark.parametrize(
    ("output", "result"),
    [("", ""), ('{"ok": true}', '{"ok": true}'), ("a\ud800b", "a?b")],
)
def test_a_result_is_taken_as_text(output: str, result: str) -> None:
    assert result_of({"call_id": "call_1", "output": output}) == ClientToolResult("call_1", result)


@pytest.mark.parametrize("longer", [0, 1])
def test_a_result_has_a_limit_in_bytes(longer: int) -> None:
    given = {"call_id": "call_1", "output": "ü" * (MOST_RESULT_BYTES // 2) + "x" * longer}
    if not longer:
        assert result_of(given).result == given["output"]
        return
    with pytest.raises(RequestError) as refused:
        result_of(given)
    assert refused.value.param == "item.output"


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ({"output": "x"}, "missing_required_parameter"),
        ({"call_id": 7, "output": "x"}, "invalid_type"),
        ({"call_id": "c" * 513, "output": "x"}, "invalid_value"),
        ({"call_id": "c"}, "invalid_value"),
        ({"call_id": "c", "output": {"ok": True}}, "invalid_value"),
    ],
)
def test_anything_else_is_no_result(item: dict[str, Any], code: str) -> None:
    with pytest.raises(RequestError) as refused:
        result_of(item)
    assert refused.value.code == code
