"""The OpenAPI document: every reference leads somewhere, and every command has its path."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from schemas.control import COMMANDS
from schemas.documents.openapi import HTTP_PAGES, document

DOCUMENT = document()
OPERATIONS = {
    operation["operationId"]: operation
    for path, item in DOCUMENT["paths"].items()
    for operation in item.values()
    if path.startswith("/v1/calls")
}


def references(within: Any) -> Iterator[str]:
    """Yield every `$ref` in *within*."""
    if isinstance(within, dict):
        if isinstance(found := within.get("$ref"), str):
            yield found
        within = list(within.values())
    if isinstance(within, list):
        for item in within:
            yield from references(item)


def target(reference: str) -> Any:
    """Return what *reference* leads to, or None."""
    found: Any = DOCUMENT
    for name in reference.removeprefix("#/").split("/"):
        found = found.get(name) if isinstance(found, dict) else None
    return found


@pytest.mark.parametrize("reference", sorted(set(references(DOCUMENT))))
def test_a_reference_leads_to_a_part_of_the_document(reference: str) -> None:
    assert isinstance(target(reference), dict)


def test_every_schema_is_referred_to() -> None:
    schemas = {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]}
    assert schemas <= set(references(DOCUMENT))


@pytest.mark.parametrize("kind", COMMANDS, ids=lambda kind: kind.__name__)
def test_a_command_is_sent_by_a_path_of_its_name_with_a_body_without_it(kind: type[Any]) -> None:
    tag = str(kind.__struct_config__.tag)
    post = DOCUMENT["paths"][f"/v1/calls/{{id}}/{tag}"]["post"]
    body = target(post["requestBody"]["content"]["application/json"]["schema"]["$ref"])
    assert post["operationId"] == tag
    assert "action" not in body["properties"]
    assert "action" not in body["required"]
    assert post["requestBody"]["required"] == bool(body["required"])


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_on_calls_needs_a_token_and_says_what_it_refuses(name: str) -> None:
    operation = OPERATIONS[name]
    assert operation["security"] == [{"operator": []}]
    assert operation["responses"].keys() >= {"401", "403", "429", "503"}


def test_the_pages_written_by_hand_are_in_it() -> None:
    pages = json.loads(HTTP_PAGES.read_text(encoding="utf-8"))
    assert pages["paths"].keys() <= DOCUMENT["paths"].keys()
    assert DOCUMENT["components"]["responses"] == pages["responses"]
