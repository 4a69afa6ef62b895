"""The messages of the AsyncAPI document: their headers, ids and payloads."""

import inspect
from collections.abc import Mapping
from typing import Any

import msgspec

from schemas import audio, codec, events
from schemas.events import tag
from schemas.routes import route
from schemas.session_config import SessionConfig
from schemas.tools import MOST_RESULT_BYTES

TRACE = {"type": "string", "description": "W3C trace context."}
MARKS: Mapping[str, dict[str, Any]] = {
    codec.COPY_HEADER: {
        "type": "string",
        "description": "The original session of an imported or replayed event, which is no job.",
    },
    codec.AGAIN_HEADER: {
        "type": "string",
        "description": "The sequence in AURA_EVENTS of the original event, for a job that an "
        "operator retried; `.again.` and a number follow in its Nats-Msg-Id.",
    },
}
"""Headers that some events have, whatever their type."""
FENCE = {
    "type": "string",
    "description": "The sequence of the newest message of this subject, 0 if there is none: the "
    "server refuses the message with error 10071 if there is a newer one. An LLM sends it.",
}
SERVICE_CALL: dict[str, Any] = {
    "name": "ServiceCall",
    "summary": "Tool runner -> service: the arguments of a call, a JSON object.",
    "contentType": "application/json",
    "payload": {"type": "object"},
    "headers": {
        "type": "object",
        "properties": {
            "Idempotency-Key": {"type": "string", "description": "The same at each attempt."},
            "Aura-Session": {"type": "string", "description": "The session's id."},
            codec.TRACE_HEADER: TRACE,
        },
    },
}
SERVICE_REPLY: dict[str, Any] = {
    "name": "ServiceReply",
    "summary": "Service -> tool runner: the result of a call, or an error in the headers.",
    "contentType": "application/json",
    "payload": {"description": f"JSON or text, {MOST_RESULT_BYTES} bytes at most."},
    "headers": {
        "type": "object",
        "properties": {
            "Nats-Service-Error": {
                "type": "string",
                "description": "The reason of the failure, in words for the model; absent: none.",
            },
            "Nats-Service-Error-Code": {"type": "string", "description": "A code, such as 400."},
        },
    },
}


def message(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the message of type *kind*."""
    described: dict[str, Any] = {
        "name": tag(kind) if issubclass(kind, events.Event) else kind.__name__,
        "summary": (inspect.getdoc(kind) or "").partition("\n")[0],
        "contentType": "application/msgpack",
        "payload": {"$ref": f"./events.schema.json#/$defs/{kind.__name__}"},
    }
    if issubclass(kind, events.Event):
        described["headers"] = _headers(kind)
    elif kind not in {audio.RecordedSound, SessionConfig}:
        described["headers"] = {"type": "object", "properties": {codec.TRACE_HEADER: TRACE}}
    return described


def identity(kind: type[events.Event]) -> str:
    """Return the pattern of the ids of *kind*; a part in brackets is absent if its field is 0."""
    parts = ["<session>", tag(kind), *(f"<{_wire_name(kind, name)}>" for name in kind.KEY)]
    if optional := kind.OPTIONAL_KEY:
        parts[-1] += f"[.{kind.OPTIONAL_KEY_PREFIX}<{_wire_name(kind, optional)}>]"
    return ".".join(parts)


def _wire_name(kind: type[events.Event], name: str) -> str:
    return next(field.encode_name for field in msgspec.structs.fields(kind) if field.name == name)


def _headers(kind: type[events.Event]) -> dict[str, Any]:
    id_pattern = f"`{identity(kind)}`"
    if optional := kind.OPTIONAL_KEY:
        id_pattern += f"; the part in brackets is absent if `{_wire_name(kind, optional)}` is 0"
    fence = {codec.FENCE_HEADER: FENCE} if is_fenced(kind) else {}
    return {
        "type": "object",
        "required": [codec.ID_HEADER, codec.TYPE_HEADER, codec.SCHEMA_HEADER],
        "properties": {
            codec.ID_HEADER: {"type": "string", "description": id_pattern},
            codec.TYPE_HEADER: {"const": tag(kind)},
            codec.SCHEMA_HEADER: {"const": str(events.SCHEMA_VERSION)},
            codec.TRACE_HEADER: TRACE,
            **MARKS,
            **fence,
        },
    }


def is_fenced(kind: type[events.Event]) -> bool:
    """Tell whether *kind* is a link of the sentence chain, which an LLM publishes fenced."""
    return kind.KIND == "say" and "llm" in route(kind).writers
