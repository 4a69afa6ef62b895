"""Arguments are checked against a schema of anybody's, in bounded time."""

from typing import Any

import pytest

from workers.tools.schema_check import (
    MOST_SCHEMA_BYTES,
    BadArgumentsError,
    BadSchemaError,
    check,
    flaw_of,
)

BOOK: dict[str, Any] = {
    "type": "object",
    "properties": {"guests": {"type": "integer", "minimum": 1}, "name": {"pattern": "^[a-z]+$"}},
    "required": ["guests"],
    "additionalProperties": False,
}


def test_arguments_that_fit_pass() -> None:
    check({"guests": 2, "name": "ann"}, BOOK)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "'guests' is a required property"),
        ({"guests": "two"}, "guests: 'two' is not of type"),
        ({"guests": 0}, "guests: 0 is less"),
        ({"guests": 1, "name": "A"}, "name: 'A' does not match"),
        ({"guests": 1, "more": 1}, "more"),
        ([], "is not of type 'object'"),
    ],
)
def test_an_error_names_the_place(arguments: object, said: str) -> None:
    with pytest.raises(BadArgumentsError, match=said):
        check(arguments, BOOK)


@pytest.mark.parametrize(
    ("pattern", "fits", "does_not"),
    [
        ("^[a-z]+$", "ann", "ann\n"),
        ("^(a|b$)", "b", "b\n"),
        (r"^\$[0-9]$", "$5", "$5\n"),
        ("^[$€][0-9]$", "$5", "$5\n"),
        (r"^[\]$]+$", "]$", "]$\n"),
    ],
)
def test_the_end_of_a_pattern_is_the_end_of_the_text(
    pattern: str, fits: str, does_not: str
) -> None:
    schema = {"type": "string", "pattern": pattern}
    check(fits, schema)
    with pytest.raises(BadArgumentsError, match="does not match"):
        check(does_not, schema)


def test_a_pattern_that_backtracks_ends_at_the_limit() -> None:
    schema = {"type": "string", "pattern": "^(a|a)*$"}
    with pytest.raises(BadSchemaError, match="too long"):
        check("a" * 60 + "b", schema, limit_s=0.01)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "no such type"},
        {"$ref": "https://example.com/schema.json"},
        {"$ref": "#"},
        {"description": "x" * MOST_SCHEMA_BYTES},
    ],
)
def test_a_schema_that_cannot_be_used_is_no_fault_of_the_arguments(schema: dict[str, Any]) -> None:
    with pytest.raises(BadSchemaError):
        check({"a": 1}, schema)


def test_names_by_pattern_are_left_to_the_tool() -> None:
    check({"x1": "any"}, {"patternProperties": {"x.": {"type": "integer"}}, **BOOK, "required": []})


def test_a_flaw_is_named_and_a_good_schema_has_none() -> None:
    assert flaw_of(BOOK) == ""
    assert flaw_of({"properties": {"a": {"type": "no such type"}}}).startswith("properties.a.type")
