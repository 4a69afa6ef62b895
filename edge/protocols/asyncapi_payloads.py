"""The JSON Schemas of clients' options and events, from the protocols' own tables."""

import typing
from collections.abc import Mapping
from typing import Any

import msgspec

from edge.protocols import continuous, session_events
from edge.protocols.client_protocol import LEAST_KEY_CHARS, MOST_KEY_CHARS
from edge.protocols.pcm_format import FORMATS, LEAST_HZ, MOST_HZ
from edge.protocols.session_options import LANGUAGE_CHARS, NUMBERS
from schemas.client_messages import ClientMessage, SessionEvent
from schemas.documents.docstrings import describe
from schemas.events import own_fields, tag
from schemas.generate import event_types
from schemas.patterns import components
from schemas.session_config import VOICE_NAME, Eagerness, SessionConfig, bounds

Schema = dict[str, Any]


def options() -> dict[str, Schema]:
    """Return the options of a session's start: names to JSON Schemas."""
    found: dict[str, Schema] = {
        "language": {
            "type": "string",
            "maxLength": LANGUAGE_CHARS,
            "description": "A code such as `en`, or `auto`.",
        },
        "voice": {
            "type": "string",
            "pattern": VOICE_NAME,
            "description": "A voice that the operator allows callers to choose.",
        },
        "eagerness": {
            "enum": list(typing.get_args(Eagerness)),
            "description": "How early a pause counts as the end of a turn.",
        },
    }
    for name, path in NUMBERS.items():
        _, least, most = bounds(path)
        about = _about(path)
        found[name] = {
            "type": "integer",
            **({"minimum": least} if least is not None else {}),
            **({"maximum": most} if most is not None else {}),
            **({"description": about} if about else {}),
        }
    found["rate"] = {
        "type": "integer",
        "minimum": LEAST_HZ,
        "maximum": MOST_HZ,
        "description": "Of PCM without a header, Hz.",
    }
    found["format"] = {"enum": list(FORMATS), "description": "Of PCM without a header."}
    found["agent"] = {"type": "string", "description": "The agent that serves the call."}
    return found


def _about(path: str) -> str:
    """Return the docstring of the configuration's value at *path*."""
    kind: type[msgspec.Struct] = SessionConfig
    *parents, name = path.split(".")
    for parent in parents:
        kind = typing.get_type_hints(kind)[parent]
    schema = components([kind], ref_template="#/{name}")[kind.__name__]
    describe(schema, kind)
    return str(schema["properties"][name].get("description", ""))


def continuous_query() -> dict[str, Schema]:
    """Return the query of `/ws/voice/continuous`: names to JSON Schemas."""
    schema = {
        "audio": "`chunks`: `ai_audio_chunk` in place of `ai_audio`.",
        "partials": "`1`: growing words.",
        "metrics": "`1`: `turn_metrics`.",
        "events": "`1`: `event`.",
        "greeting": "`0`: none is spoken.",
        "record": "`1`: the caller agrees that the sound of both sides is recorded.",
    }
    return {
        "token": {
            "type": "string",
            "description": "A JWT; it may be sent in `Authorization: Bearer` instead.",
        },
        "session": {"type": "string", "description": "The session to go on with."},
        "resume_key": {
            "type": "string",
            "minLength": LEAST_KEY_CHARS,
            "maxLength": MOST_KEY_CHARS,
            "description": "The client's own: without it nobody goes on with the session.",
        },
        **options(),
        "variables": {
            "type": "string",
            "description": "Variables of the agent: a JSON object of strings.",
        },
        **{
            name: {"enum": list(values), "description": schema[name]}
            for name, values in continuous.SWITCHES.items()
        },
    }


def start_conversation() -> Schema:
    """Return the payload of `start_conversation`."""
    return {
        "type": "object",
        "description": "Begins a session; an open session is ended first.",
        "required": ["type"],
        "properties": {
            "type": {"const": "start_conversation"},
            "stream": {
                "type": "boolean",
                "description": "Whether each sentence gets its own `ai_response`.",
            },
            **options(),
            "variables": {"type": "object", "additionalProperties": {"type": "string"}},
            "record": {"type": "boolean", "description": "The caller agrees to a recording."},
        },
    }


def payload(kind: type[ClientMessage]) -> Schema:
    """Return the payload of the message *kind*."""
    schema: Schema = components([kind], ref_template="#/{name}")[kind.__name__]
    describe(schema, kind)
    schema.pop("title", None)
    schema["properties"]["type"] = {"const": tag(kind)}
    return schema


def turn_metrics(schemas: Mapping[str, Schema]) -> Schema:
    """Return the payload of `turn_metrics`: `turn.measured` without the common fields of events."""
    measured = schemas["TurnMeasured"]
    fields = own_fields(measured["properties"])
    return {
        "type": "object",
        "description": "With `metrics=1`: the times of a turn's steps, ms after the end of speech.",
        "required": ["type", "turn"],
        "properties": {"type": {"const": "turn_metrics"}, **fields},
    }


def session_event(schemas: Mapping[str, Schema]) -> Schema:
    """Return the payload of `event`: the session's own events, with the client's fields."""
    kinds: list[Schema] = []
    by_tag = {tag(kind): kind for kind in event_types()}
    for name, told in session_events.SHOWN.items():
        known = schemas[by_tag[name].__name__]["properties"]
        data = {field: known.get(field, {}) for field in told}
        kinds.append(
            {
                "properties": {
                    "event": {"const": name},
                    "data": {"type": "object", "properties": data, "required": list(told)},
                }
            }
        )
    schema = payload(SessionEvent)
    schema["properties"]["event"] = {"enum": list(session_events.SHOWN)}
    return {**schema, "oneOf": kinds}
