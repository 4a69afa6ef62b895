"""A function becomes a tool: its schema, its arguments, its result, its refusals."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from runtime.bus.tool_services import Handler, ServiceCall, described, metadata_of
from schemas.tools import ToolConfig
from workers.tools import RefusedError, call, service, tool
from workers.tools.service import ToolDefinitionError, defined


@pytest.fixture(autouse=True)
def _none_defined() -> Iterator[None]:
    yield
    service._tools.clear()


class HasNoSchema:
    """A type that pydantic knows nothing of."""


@dataclass
class Guest:
    name: str
    title: str = ""


def made(function: Callable[..., Any], **options: Any) -> tuple[ToolConfig, Handler]:
    tool(**options)(function)
    return defined()[-1]


async def called(handler: Handler, arguments: str) -> Any:
    headers = {"Idempotency-Key": "k", "Aura-Session": "s"}
    return json.loads(await handler(ServiceCall("acme", arguments.encode(), headers)))


def book(
    day: Annotated[str, Field(description="A weekday")],
    guests: int = 2,
    where: Literal["in", "out"] = "in",
    names: list[Guest] | None = None,
) -> dict[str, Any]:
    """Book a table.

    Call it once the caller has named a day.
    """
    key = call().key
    return {"day": day, "guests": guests, "where": where, "names": names, "key": key}


async def test_a_plain_function_is_described_and_called() -> None:
    config, handler = made(book, deadline_ms=500, idempotent=True)
    assert config.name == "book"
    assert config.description.startswith("Book a table.\n\nCall it once")
    assert (config.timeout_ms, config.idempotent, config.cancel) == (500, True, False)
    schema = config.parameters
    assert schema["required"] == ["day"]
    assert schema["properties"]["day"] == {"type": "string", "description": "A weekday"}
    assert "title" in schema["$defs"]["Guest"]["properties"], "a field, and no title of pydantic's"
    assert "title" not in schema["$defs"]["Guest"]
    result = await called(handler, '{"day": "Friday", "names": [{"name": "Ann"}]}')
    assert result["names"] == [{"name": "Ann", "title": ""}]
    assert (result["guests"], result["key"]) == (2, "k")


async def test_an_async_function_and_one_that_returns_text() -> None:
    async def hours(day: str) -> str:
        return f'"{day}: noon to ten"'

    _, handler = made(hours, name="opening-hours")
    assert await called(handler, '{"day": "Monday"}') == "Monday: noon to ten"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("{}", "day"),
        ('{"day": "Friday", "guests": "many"}', "guests"),
        ('{"day": "Friday", "colour": "red"}', "colour"),
        ("[]", "JSON object"),
        ("nothing", "JSON object"),
    ],
)
async def test_arguments_that_do_not_fit_are_refused(arguments: str, says: str) -> None:
    _, handler = made(book)
    with pytest.raises(RefusedError, match=says):
        await handler(ServiceCall("acme", arguments.encode(), {}))


async def test_a_tool_refuses_in_its_own_words() -> None:
    def full() -> None:
        raise RefusedError("we are full")

    _, handler = made(full)
    with pytest.raises(RefusedError, match="we are full"):
        await handler(ServiceCall("acme", b"", {}))


def of_no_schema(where: object, guest: HasNoSchema) -> str:
    return f"{where} {guest}"


@pytest.mark.parametrize(
    ("function", "options", "why"),
    [
        (book, {"name": "book a table"}, "@tool book a table: Expected `str` matching"),
        (book, {"deadline_ms": 5}, r"@tool book: Expected `int` >= 100 - at `\$.deadline_ms`"),
        (of_no_schema, {}, "@tool of_no_schema: Unable to generate .*HasNoSchema"),
    ],
)
def test_what_cannot_be_a_tool_is_told_by_its_name(
    function: Callable[..., Any], options: dict[str, Any], why: str
) -> None:
    with pytest.raises(ToolDefinitionError, match=why) as refused:
        made(function, **options)
    assert "\n" not in str(refused.value)


def test_two_tools_of_a_name_would_share_calls_and_are_refused() -> None:
    made(book)
    with pytest.raises(ToolDefinitionError, match="another tool has this name"):
        made(book)


def test_what_a_service_says_of_a_tool_is_what_is_found() -> None:
    config, _ = made(book, cancel=True)
    config_read = described("aura.tool.*.book", metadata_of(config))
    assert (config_read.tenant, config_read.tool) == ("*", config)


@pytest.mark.parametrize("subject", ["aura.tool.book", "other.tool.a.book", "aura.tool.a b.c", "x"])
def test_a_subject_that_is_no_tools_is_none(subject: str) -> None:
    with pytest.raises(ValueError, match=r"aura\.tool|tenant|matching"):
        described(subject, {})
