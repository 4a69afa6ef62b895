"""Descriptions in a JSON Schema are the docstrings of a type and its fields."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from schemas.docstrings import describe
from schemas.events import Event, SpeechReady, TurnCommitted, TurnTaken
from schemas.prompts import PromptsRequest


def described(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the schema of *kind* with its docstrings."""
    _, definitions = msgspec.json.schema_components([kind])
    schema = definitions[kind.__name__]
    describe(schema, kind)
    return schema


def said(kind: type[msgspec.Struct], field: str) -> str | None:
    found: str | None = described(kind)["properties"][field].get("description")
    return found


def test_a_type_has_its_docstring_without_the_indent() -> None:
    assert described(TurnTaken)["description"] == (
        "Edge -> LLM: respond to this turn. The event holds all that the model needs."
    )
    assert "\n    " not in described(PromptsRequest)["description"]


@pytest.mark.parametrize(
    ("kind", "field", "text"),
    [
        (SpeechReady, "first_chunk_ms", "Time from taking the job to the first chunk."),
        (SpeechReady, "chunks", None),
        (TurnTaken, "tools", "The tools that the model may call."),
        (TurnTaken, "max_tokens", None),
        (SpeechReady, "at_ms", "Unix time, ms, on the edge's clock."),  # of its base
        (
            TurnTaken,
            "messages",
            "The latest messages of the history; the last is the caller's turn.",
        ),
    ],
)
def test_a_field_has_its_docstring_or_no_description(
    kind: type[Event], field: str, text: str | None
) -> None:
    assert said(kind, field) == text


def test_a_docstring_of_several_lines_is_one_text() -> None:
    text = said(TurnTaken, "turn")
    assert text is not None
    assert text.startswith("The number of the turn in its session, speculative turns included; a ")
    assert text.endswith("smaller number is stale.")


def test_a_docstring_that_begins_with_a_quote_keeps_it() -> None:
    text = said(TurnTaken, "tool_choice")
    assert text is not None
    assert "auto" in text
    assert "required" in text


def test_a_field_with_another_name_on_the_wire_is_described_under_that() -> None:
    assert "guessed" in described(TurnCommitted)["properties"]
    assert said(TurnCommitted, "guessed") == (
        "Whether the response was asked for before the end of turn was certain."
    )
