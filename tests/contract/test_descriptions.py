"""Every property of the bus's messages is described, so that nobody must read our code."""

from __future__ import annotations

import re
import typing
from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec
import pytest

from schemas import generate
from schemas.documents.docstrings import field_docstrings, structs_within
from schemas.events.shared_fields import SharedFields

UNDESCRIBED: frozenset[str] = frozenset()
"""Properties that still lack a description, as `TurnTaken.seed`; the list may only become shorter.
"""
LEAST_CHARS = 10
STRUCTS = structs_within(generate.message_types())
definitions = cache(lambda: generate.json_schema()["$defs"])


def properties() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, schema in definitions().items():
        for field, of in schema.get("properties", {}).items():
            yield f"{name}.{field}", of


def test_every_property_has_a_description() -> None:
    found = {name for name, of in properties() if len(of.get("description", "")) < LEAST_CHARS}
    assert found == UNDESCRIBED


def test_every_definition_has_a_description() -> None:
    assert [name for name, of in definitions().items() if not of.get("description")] == []


def test_a_description_is_one_line_that_ends_as_a_sentence() -> None:
    assert [name for name, of in properties() if not of["description"].endswith(".")] == []
    assert [name for name, of in properties() if "\n" in of["description"]] == []


@pytest.mark.parametrize(
    ("ending", "unit"), [("_ms", r"\b[Mm]s\b"), ("_s", r"\b[Ss]econds\b")], ids=["ms", "s"]
)
def test_a_time_or_a_duration_has_its_unit(ending: str, unit: str) -> None:
    """Readers of the document see the description, and not always the name."""
    named = [(name, of) for name, of in properties() if name.endswith(ending)]
    assert named
    assert [name for name, of in named if not re.search(unit, of["description"])] == []


def test_a_float_that_is_a_probability_has_its_range() -> None:
    ranged = ("confidence", "finished", "ended", "caller_ended", "temperature")
    for name, of in properties():
        if name.rpartition(".")[2] in ranged and "maximum" not in of:
            assert of["description"].startswith("0.."), name


def test_a_shared_field_has_one_type_wherever_its_description_is_used() -> None:
    shared = typing.get_type_hints(SharedFields, include_extras=True)
    for kind in STRUCTS.values():
        own = field_docstrings(kind)
        for field in msgspec.structs.fields(kind):
            is_part = isinstance(field.type, type) and issubclass(field.type, msgspec.Struct)
            if field.name in shared and field.name not in own and not is_part:
                assert field.type == shared[field.name], f"{kind.__name__}.{field.name}"


def test_every_shared_field_is_used() -> None:
    used = {
        field.name
        for kind in STRUCTS.values()
        for field in msgspec.structs.fields(kind)
        if field.name not in field_docstrings(kind)
    }
    assert set(typing.get_type_hints(SharedFields)) <= used


def test_tenant_and_session_have_the_grammar_of_tokens() -> None:
    for kind in generate.event_types():
        schema = definitions()[kind.__name__]["properties"]
        assert schema["tenant"]["pattern"] == schema["session"]["pattern"]
        assert schema["tenant"]["pattern"] == "^[A-Za-z0-9_-]{1,128}$"
