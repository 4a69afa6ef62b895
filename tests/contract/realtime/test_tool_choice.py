"""Which tools the model is offered and must call, as a Realtime client chooses."""

from __future__ import annotations

from typing import Any

import pytest

from schemas import events as ev
from schemas.tools import ToolConfig
from tests.contract.realtime.caller import RealtimeCaller
from tests.contract.realtime.tool_caller import equipped


def test_no_tool_is_offered_where_the_client_chooses_none() -> None:
    c = equipped(tool_choice="none")
    c.turn("Show me the menu.")
    assert c.r.events(ev.TurnTaken)[-1].tools == ()
    other = equipped()
    other.send({"type": "response.create", "response": {"tool_choice": "none"}})
    assert other.r.events(ev.TurnTaken)[-1].tools == ()


OPERATORS = (ToolConfig(name="book_table", description="Book a table."),)


@pytest.mark.parametrize(
    ("choice", "must"),
    [("required", "required"), ({"type": "function", "name": "book_table"}, "book_table")],
)
def test_the_choice_holds_for_the_operators_tools(choice: Any, must: str) -> None:
    c = RealtimeCaller(tools=OPERATORS)
    session = {"type": "realtime", "tool_choice": choice}
    c.send({"type": "session.update", "session": session})
    c.turn("A table for two.")
    taken = c.r.events(ev.TurnTaken)[-1]
    assert ([tool.name for tool in taken.tools], taken.tool_choice) == (["book_table"], must)


def test_a_client_that_chooses_none_is_offered_no_tool_of_the_operators() -> None:
    c = RealtimeCaller(tools=OPERATORS)
    c.send({"type": "response.create", "response": {"tool_choice": "none"}})
    assert c.r.events(ev.TurnTaken)[-1].tools == ()
    c = RealtimeCaller(tools=OPERATORS)
    session = {"type": "realtime", "tool_choice": "none"}
    c.send({"type": "session.update", "session": session})
    c.turn("A table for two.")
    assert c.r.events(ev.TurnTaken)[-1].tools == ()


@pytest.mark.parametrize(
    ("choice", "must"),
    [
        ("required", "required"),
        ({"type": "function", "name": "show_menu"}, "show_menu"),
        ({"type": "function", "name": "unknown"}, "auto"),
        ("auto", "auto"),
        (None, "auto"),
    ],
)
def test_a_client_chooses_what_the_model_calls(choice: Any, must: str) -> None:
    c = equipped(tool_choice=choice)
    assert c.last("session.updated")["session"]["tool_choice"] == (choice or "auto")
    c.turn("Show me the menu.")
    assert c.r.events(ev.TurnTaken)[-1].tool_choice == must


def test_a_response_may_have_to_call_what_the_session_leaves_open() -> None:
    c = equipped()
    c.send({"type": "response.create", "response": {"tool_choice": "required"}})
    assert c.r.events(ev.TurnTaken)[-1].tool_choice == "required"


def test_a_choice_that_cannot_be_is_refused() -> None:
    c = equipped(tool_choice="always")
    assert c.last("error")["error"]["param"] == "session.tool_choice"
