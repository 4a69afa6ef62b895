"""A field's description is its docstring, or that of the shared field or of its own type."""

from __future__ import annotations

from typing import Any

import msgspec

from schemas import events
from schemas.control import CallsReply, Say
from schemas.documents.docstrings import describe, field_docstrings, structs_within
from schemas.events.shared_fields import SharedFields
from schemas.session_config import SessionConfig, SpendLimit


def described(kind: type[msgspec.Struct]) -> dict[str, Any]:
    _, schemas = msgspec.json.schema_components([kind], ref_template="#/{name}")
    schema: dict[str, Any] = schemas[kind.__name__]
    describe(schema, kind, events.Event, SharedFields)
    return schema


def description(kind: type[msgspec.Struct], field: str) -> str:
    said: str = described(kind)["properties"][field].get("description", "")
    return said


def test_a_docstring_of_several_lines_is_one_line() -> None:
    assert field_docstrings(events.SpeechStarted)["over_response"] == (
        "Spoken over a response: partial transcripts decide whether it is an interruption, so they "
        "are urgent."
    )


def test_a_default_of_several_lines_stands_before_the_docstring() -> None:
    assert "when a limit is reached" in field_docstrings(SpendLimit)["words"]


def test_a_field_is_described_by_its_name_on_the_wire() -> None:
    assert description(events.SpeechStarted, "over_answer").startswith("Spoken over a response")


def test_a_field_without_a_docstring_has_that_of_the_base_or_of_the_shared_field() -> None:
    assert description(events.SpeechReady, "at_ms") == field_docstrings(events.Event)["at_ms"]
    assert description(events.SpeechReady, "turn") == field_docstrings(SharedFields)["turn"]
    assert description(events.SpendCounted, "turn") == "The number of the latest turn."


def test_a_part_of_the_configuration_has_the_description_of_its_type() -> None:
    assert description(SessionConfig, "turns") == "When a turn of the caller begins and ends."


def test_the_field_that_names_the_type_is_described() -> None:
    assert description(events.TurnTaken, "type") == "The name of the message."
    assert description(Say, "action") == "The name of the command."


def test_structs_are_found_in_fields_of_fields() -> None:
    assert set(structs_within([CallsReply])) == {"CallsReply", "CallState"}
    within = structs_within([events.TurnTaken, events.ControlReceived])
    assert {"Message", "ToolCall", "ToolFunction", "Say", "Mute"} < set(within)


def test_a_type_has_its_docstring_without_the_indent() -> None:
    assert described(events.TurnTaken)["description"] == (
        "Edge -> LLM: respond to this turn. The event holds all that the model needs."
    )
    assert "\n    " not in described(events.SpendReached)["description"]


def test_a_name_in_marks_at_the_beginning_of_a_docstring_stays() -> None:
    assert description(events.TurnTaken, "tool_choice").startswith("`auto`: the model may call")
