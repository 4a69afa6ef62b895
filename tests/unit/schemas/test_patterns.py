"""A name with a line break at its end is no name, and other languages read the same patterns."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
import pytest
from msgspec import inspect

from schemas import agent, control, tenant, tools
from schemas.documents import openapi
from schemas.generate import message_types
from schemas.patterns import components, exact
from schemas.session_config import SessionConfig, VoiceConfig
from tests.sources import ROOT

KINDS = (
    *message_types(),
    SessionConfig,
    agent.Agent,
    tenant.Tenant,
    *control.COMMANDS,
    *openapi.ANSWERS,
)


class Named(msgspec.Struct):
    """A struct with a pattern in each place of a schema."""

    name: Annotated[str, msgspec.Meta(pattern=exact("^[a-z]+$"))]
    names: tuple[Annotated[str, msgspec.Meta(pattern=exact("^[a-z]$"))], ...] = ()
    words: dict[Annotated[str, msgspec.Meta(pattern=exact("^a$"))], str] | None = None
    about: Annotated[str, msgspec.Meta(pattern=r"\S")] = "-"
    pattern: str = ""


def patterns(part: object, seen: set[int]) -> Iterator[str]:
    """Yield the patterns in a type, as msgspec checks them."""
    if isinstance(part, list | tuple):
        for item in part:
            yield from patterns(item, seen)
    if not isinstance(part, inspect.Type | inspect.Field) or id(part) in seen:
        return
    seen.add(id(part))
    if isinstance(part, inspect.StrType) and part.pattern is not None:
        yield part.pattern
    for name in getattr(part, "__struct_fields__", ()):
        yield from patterns(getattr(part, name), seen)


def test_no_pattern_of_a_type_lets_a_line_break_through() -> None:
    found = set(patterns(inspect.multi_type_info(KINDS), set()))
    assert len(found) >= 5
    assert not [pattern for pattern in found if pattern.endswith("$")]


def test_the_schemas_have_no_expression_of_python() -> None:
    files = list((ROOT / "schemas").glob("*.json"))
    assert len(files) >= 5
    for file in files:
        assert r"\Z" not in str(json.loads(file.read_text(encoding="utf-8"))), file.name


def test_a_pattern_is_checked_to_the_end_and_exported_for_other_languages() -> None:
    assert msgspec.convert({"name": "ann"}, Named).name == "ann"
    with pytest.raises(msgspec.ValidationError, match="matching regex"):
        msgspec.convert({"name": "ann\n"}, Named)
    properties = components([Named], ref_template="#/{name}")["Named"]["properties"]
    assert properties["name"]["pattern"] == "^[a-z]+$"
    assert properties["names"]["items"]["pattern"] == "^[a-z]$"
    assert properties["words"]["anyOf"][0]["propertyNames"]["pattern"] == "^a$"
    assert properties["about"]["pattern"] == r"\S"
    assert properties["pattern"]["type"] == "string"


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (openapi.PlaceCall, {"to": "+1", "tenant": "acme"}),
        (openapi.PlaceCall, {"to": "+1", "agent": "host"}),
        (control.Transfer, {"action": "transfer", "agent": "host"}),
        (VoiceConfig, {"name": "amy"}),
        (tools.ToolFunction, {"name": "book"}),
        (agent.Agent, {"language": "de"}),
    ],
)
def test_a_name_that_ends_with_a_line_break_is_refused(kind: Any, fields: dict[str, str]) -> None:
    assert msgspec.convert(fields, kind)
    *_, last = fields
    with pytest.raises(msgspec.ValidationError, match=rf"regex .* - at `\$\.{last}`"):
        msgspec.convert({**fields, last: f"{fields[last]}\n"}, kind)
