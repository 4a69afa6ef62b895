"""OpenAPI 3.1 of the edge's HTTP API; /v1/calls is derived from the types."""

import json
from pathlib import Path
from typing import Annotated, Any

import msgspec

from schemas.control import COMMAND_ID, COMMANDS, CallState, Command
from schemas.documents.docstrings import describe
from schemas.events import Event, tag
from schemas.events.shared_fields import SharedFields
from schemas.patterns import components, exact
from schemas.tokens import TOKEN_PATTERN

Json = dict[str, Any]
HTTP_PAGES = Path(__file__).with_name("http_pages.json")
"""Paths and responses without types, written by hand."""
REF = "#/components/schemas/{name}"
IDEMPOTENCY_KEY = "Idempotency-Key"


class Calls(msgspec.Struct, frozen=True):
    """The answer to `GET /v1/calls`."""

    calls: tuple[CallState, ...]
    """Oldest first."""


class Done(msgspec.Struct, frozen=True):
    """The answer to a command that is stored and that the call carries out."""

    id: str
    """The id of the command, from the header Idempotency-Key or generated."""
    call: CallState
    """The state of the call after it received the command."""


class PlaceCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A telephone call that is to be placed."""

    to: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    """A number, or a `sip:` address."""
    agent: Annotated[str, msgspec.Meta(pattern=exact("^[A-Za-z0-9_-]{0,128}$"))] = ""
    """The agent; empty: the agent of the telephony process."""
    variables: dict[str, str] = {}
    """Values for the variables of the agent."""
    tenant: Annotated[str, msgspec.Meta(pattern=exact("^[A-Za-z0-9_-]{0,128}$"))] = ""
    """The tenant of the call, if the token has none; empty: the tenant of the telephony process."""


class Placed(msgspec.Struct, frozen=True):
    """The answer to `POST /v1/calls`: somebody has answered the telephone."""

    session: str
    """The id of the session that has begun."""


class Problem(msgspec.Struct, frozen=True):
    """The reason why a request failed."""

    error: str
    """The message for people."""
    code: str = ""
    """The code for machines."""


ANSWERS: tuple[type[msgspec.Struct], ...] = (CallState, Calls, Done, PlaceCall, Placed, Problem)

ID = {
    "name": "id",
    "in": "path",
    "required": True,
    "description": "The session's id.",
    "schema": {"type": "string", "pattern": TOKEN_PATTERN},
}
KEY = {
    "name": IDEMPOTENCY_KEY,
    "in": "header",
    "description": "The id of the command; a repeated command with the same id is done once.",
    "schema": {"type": "string", "pattern": COMMAND_ID},
}


def _content(kind: type[msgspec.Struct]) -> Json:
    return {"application/json": {"schema": {"$ref": REF.format(name=kind.__name__)}}}


def _answer(what: str, kind: type[msgspec.Struct] = Problem) -> Json:
    return {"description": what, "content": _content(kind)}


SECURED: Json = {"security": [{"operator": []}]}
ALWAYS: Json = {
    "401": _answer("No token, or one that is no good."),
    "403": _answer("The token has no right to that."),
    "429": {"$ref": "#/components/responses/TooMany"},
    "503": _answer("The event bus is away."),
}
OF_ONE: Json = {
    "404": _answer("No such call, or a call of another tenant."),
    "504": _answer("The edge that held the call does not answer; the command may have been done."),
    **ALWAYS,
}
OF_A_COMMAND: Json = {
    "400": _answer("The body or the id of the command is invalid."),
    "408": _answer("The body did not come in time."),
    "409": _answer("The call is being ended, or too many texts wait to be spoken."),
    "413": _answer("The body is too long."),
    **OF_ONE,
}


def _command(kind: type[Command]) -> Json:
    """Return the operation that sends a command of type *kind*."""
    required = any(field.required for field in msgspec.structs.fields(kind))
    return {
        "post": {
            "summary": (kind.__doc__ or "").splitlines()[0],
            "operationId": tag(kind),
            **SECURED,
            "parameters": [ID, KEY],
            "requestBody": {"required": required, "content": _content(kind)},
            "responses": {
                "200": _answer("The command is stored, and the call carries it out.", Done),
                **OF_A_COMMAND,
            },
        }
    }


def _calls() -> Json:
    paths: Json = {
        "/v1/calls": {
            "get": {
                "summary": "List the running calls on all edges",
                "operationId": "list",
                **SECURED,
                "responses": {"200": _answer("The running calls.", Calls), **ALWAYS},
            },
            "post": _place(),
        },
        "/v1/calls/{id}": {
            "get": {
                "summary": "Tell what a call does now",
                "operationId": "show",
                **SECURED,
                "parameters": [ID],
                "responses": {"200": _answer("The call.", CallState), **OF_ONE},
            }
        },
    }
    for kind in COMMANDS:
        paths[f"/v1/calls/{{id}}/{tag(kind)}"] = _command(kind)
    return paths


def _place() -> Json:
    return {
        "summary": "Call somebody by telephone, and answer once they do",
        "operationId": "place",
        **SECURED,
        "requestBody": {"required": True, "content": _content(PlaceCall)},
        "responses": {
            "201": _answer("They have answered.", Placed),
            "400": _answer("The body is not what it should be."),
            "408": _answer("The body did not come in time."),
            "409": _answer("Nobody answered: the code is BUSY, DECLINED, NO_ANSWER, ..."),
            "413": _answer("The body is too long."),
            "504": _answer("The process with the telephones does not answer."),
            **ALWAYS,
        },
    }


def _schemas() -> Json:
    schemas = components([*COMMANDS, *ANSWERS], ref_template=REF)
    for kind in (*COMMANDS, *ANSWERS):
        describe(schemas[kind.__name__], kind, Event, SharedFields)
    for kind in COMMANDS:  # the path has the action
        schema = schemas[kind.__name__]
        schema["properties"].pop("action")
        schema["required"] = [name for name in schema["required"] if name != "action"]
    return schemas


def document() -> Json:
    """Return the OpenAPI document."""
    pages = json.loads(HTTP_PAGES.read_text(encoding="utf-8"))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Aura: HTTP endpoints",
            "version": "1",
            "description": "The HTTP API of an edge. docs/control.md teaches "
            "/v1/calls; the WebSocket protocols are in docs/protocol.md, the bus in asyncapi.json.",
        },
        "paths": {**pages["paths"], **_calls()},
        "components": {
            "securitySchemes": {
                "operator": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "AURA_OPERATOR_TOKEN, or a JWT whose `scope` has "
                    "`calls:read`, `calls:write` or `calls:place`.",
                }
            },
            "schemas": _schemas(),
            "responses": pages["responses"],
        },
    }
