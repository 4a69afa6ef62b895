"""Write the AsyncAPI documents of both WebSockets: `python -m edge.protocols.asyncapi [--check]`.

`schemas/asyncapi.continuous.json` and `schemas/asyncapi.conversational.json`: messages by their
types in `schemas/client_messages.py`, options and events by the tables that the protocols read.
"""

from __future__ import annotations

import json
import sys
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from edge.protocols import continuous, session_events
from edge.protocols.client_protocol import CloseCode
from edge.protocols.pcm_format import FORMATS, LEAST_HZ, MOST_HZ
from edge.protocols.session_options import LANGUAGE_CHARS, NUMBERS
from schemas import client_messages as messages
from schemas import events
from schemas.docstrings import describe
from schemas.session_config import VOICE_NAME, Eagerness, SessionConfig, bounds

FOLDER = Path(events.__file__).parent
ENVELOPE = ("type", "tenant", "session", "at_ms")
Schema = dict[str, Any]
SOUND = {
    "name": "sound",
    "title": "A binary frame",
    "summary": "Sound of the caller: PCM as `rate` and `format` say, or a recorder's file.",
    "contentType": "application/octet-stream",
    "payload": {"type": "string", "format": "binary"},
}
BOTH_TO_CLIENT = (messages.AiInterrupted, messages.ToolCall, messages.ToolCancelled)
BOTH_FROM_CLIENT = (messages.Text, messages.ToolResult)


@dataclass(frozen=True)
class Described:
    """A protocol, as far as its document says it."""

    file: str
    title: str
    path: str
    about: str
    to_client: Sequence[type[messages.Message]]
    from_client: Sequence[type[messages.Message]]
    query: Mapping[str, Schema]
    more_to_client: Mapping[str, Schema]
    """Payloads of messages that have no type of their own."""
    more_from_client: Mapping[str, Schema]


def options() -> dict[str, Schema]:
    """Return what a client may ask for at the beginning of a session, name to JSON Schema."""
    found: dict[str, Schema] = {
        "language": {
            "type": "string",
            "maxLength": LANGUAGE_CHARS,
            "description": "A code such as `en`, or `auto`.",
        },
        "voice": {
            "type": "string",
            "pattern": VOICE_NAME,
            "description": "A voice that the operator lets callers choose.",
        },
        "eagerness": {
            "enum": list(typing.get_args(Eagerness)),
            "description": "How soon a pause is taken for the end of the turn.",
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
    _, schemas = msgspec.json.schema_components([kind], ref_template="#/{name}")
    schema = schemas[kind.__name__]
    describe(schema, kind)
    return str(schema["properties"][name].get("description", ""))


def continuous_query() -> dict[str, Schema]:
    """Return the query of `/ws/voice/continuous`, name to JSON Schema."""
    told = {
        "audio": "`chunks`: `ai_audio_chunk` in place of `ai_audio`.",
        "partials": "`1`: growing words.",
        "metrics": "`1`: `turn_metrics`.",
        "events": "`1`: `event`.",
        "greeting": "`0`: none is spoken.",
        "record": "`1`: the caller agrees that the sound of both sides is kept.",
    }
    return {
        "token": {"type": "string", "description": "A JWT; or in `Authorization: Bearer`."},
        "session": {"type": "string", "description": "The session to go on with."},
        **options(),
        "variables": {"type": "string", "description": "Of the agent: a JSON object of strings."},
        **{
            name: {"enum": list(values), "description": told[name]}
            for name, values in continuous.SWITCHES.items()
        },
    }


def start_conversation() -> Schema:
    """Return the payload of `start_conversation`."""
    return {
        "type": "object",
        "description": "Begins a session; one that is open is ended first.",
        "required": ["type"],
        "properties": {
            "type": {"const": "start_conversation"},
            "stream": {"type": "boolean", "description": "An `ai_response` for each sentence."},
            **options(),
            "variables": {"type": "object", "additionalProperties": {"type": "string"}},
            "record": {"type": "boolean", "description": "The caller agrees to a recording."},
        },
    }


def turn_metrics(schemas: Mapping[str, Schema]) -> Schema:
    """Return the payload of `turn_metrics`: `turn.measured` without what all events have."""
    measured = schemas["TurnMeasured"]
    fields = {k: v for k, v in measured["properties"].items() if k not in ENVELOPE}
    return {
        "type": "object",
        "description": "With `metrics=1`: where a turn's time went, ms after the end of speech.",
        "required": ["type", "turn"],
        "properties": {"type": {"const": "turn_metrics"}, **fields},
    }


def session_event(schemas: Mapping[str, Schema]) -> Schema:
    """Return the payload of `event`: the session's own events, and what is told of each."""
    kinds: list[Schema] = []
    by_tag = {str(kind.__struct_config__.tag): kind for kind in _event_types()}
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
    return {
        "type": "object",
        "description": "With `events=1`: what happens in the client's own session, as it happens.",
        "required": ["type", "event", "at_ms", "data"],
        "properties": {
            "type": {"const": "event"},
            "event": {"enum": list(session_events.SHOWN)},
            "at_ms": {"type": "integer", "description": "Unix time, ms, on the edge's clock."},
            "data": {"type": "object"},
        },
        "oneOf": kinds,
    }


def _event_types() -> Sequence[type[events.Event]]:
    return typing.get_args(events.AnyEvent)


def protocols() -> tuple[Described, Described]:
    """Return both protocols."""
    _, schemas = msgspec.json.schema_components(
        list(_event_types()), ref_template="./events.schema.json#/$defs/{name}"
    )
    for kind in _event_types():
        describe(schemas[kind.__name__], kind)
    closes = [
        "1000 the call ended",
        "1008 refused: the token, the agent, or a client that costs too much",
        *(f"{code} {message.lower()}" for message, _, code in continuous.ERRORS.values()),
        f"{CloseCode.SERVICE_RESTART.value} the edge restarts: come back to the session at once",
        f"{CloseCode.TRY_AGAIN_LATER.value} no room, or a client that reads too slowly",
    ]
    return (
        Described(
            "asyncapi.continuous.json",
            "Aura: /ws/voice/continuous",
            "/ws/voice/continuous",
            "PCM up, JSON down, a token, one session a connection. Closed with: "
            + "; ".join(closes)
            + ".",
            (
                messages.Greeting,
                messages.SessionTold,
                messages.UserTranscript,
                messages.UserTranscriptPartial,
                messages.AiAudio,
                messages.AiAudioChunk,
                messages.AiComplete,
                *BOTH_TO_CLIENT,
                messages.Pong,
                messages.ContinuousError,
            ),
            (*BOTH_FROM_CLIENT, messages.Interrupt, messages.Ping, messages.EndCall),
            continuous_query(),
            {"turn_metrics": turn_metrics(schemas), "event": session_event(schemas)},
            {},
        ),
        Described(
            "asyncapi.conversational.json",
            "Aura: /ws",
            "/ws",
            "JSON both ways with WAV as base64, one session after the other.",
            (
                messages.ConnectionEstablished,
                messages.ConversationStarted,
                messages.Transcript,
                messages.AiResponse,
                messages.ConversationEnded,
                *BOTH_TO_CLIENT,
                messages.ConversationalError,
            ),
            (messages.AudioChunk, *BOTH_FROM_CLIENT, messages.EndConversation),
            {"token": {"type": "string", "description": "Where the operator asks for one."}},
            {},
            {"start_conversation": start_conversation()},
        ),
    )


def document(of: Described) -> Schema:
    """Return the AsyncAPI 3 document of a protocol; `send` is what the client sends."""
    down = {_tag(kind): _payload(kind) for kind in of.to_client} | dict(of.more_to_client)
    up = {_tag(kind): _payload(kind) for kind in of.from_client} | dict(of.more_from_client)
    described = {
        **{name: _message(name, payload) for name, payload in (down | up).items()},
        "sound": SOUND,
    }
    refs = {name: {"$ref": f"#/components/messages/{name}"} for name in described}

    def some(names: Sequence[str]) -> list[Schema]:
        return [{"$ref": f"#/channels/call/messages/{name}"} for name in names]

    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": of.title,
            "version": f"{events.SCHEMA_VERSION}.0.0",
            "description": f"{of.about} In words, with the tests that show it: docs/protocol.md.",
        },
        "defaultContentType": "application/json",
        "servers": {"local": {"host": "localhost:8000", "protocol": "ws"}},
        "channels": {
            "call": {
                "address": of.path,
                "messages": refs,
                "bindings": {
                    "ws": {
                        "method": "GET",
                        "query": {"type": "object", "properties": dict(of.query)},
                    }
                },
            }
        },
        "operations": {
            "send": {
                "action": "send",
                "channel": {"$ref": "#/channels/call"},
                "messages": some([*up, "sound"]),
            },
            "receive": {
                "action": "receive",
                "channel": {"$ref": "#/channels/call"},
                "messages": some(list(down)),
            },
        },
        "components": {"messages": described},
    }


def _tag(kind: type[messages.Message]) -> str:
    return str(kind.__struct_config__.tag)


def _payload(kind: type[messages.Message]) -> Schema:
    _, found = msgspec.json.schema_components([kind], ref_template="#/{name}")
    schema: Schema = found[kind.__name__]
    describe(schema, kind)
    schema.pop("title", None)
    schema["properties"]["type"] = {"const": _tag(kind)}
    return schema


def _message(name: str, payload: Schema) -> Schema:
    summary = payload["description"]
    rest = {key: value for key, value in payload.items() if key != "description"}
    return {"name": name, "summary": summary, "payload": rest}


def documents() -> dict[str, str]:
    """Return the generated files, name to text."""
    return {of.file: json.dumps(document(of), indent=2) + "\n" for of in protocols()}


def main() -> int:
    """Write the files, or with --check say which are behind and return 1."""
    made = documents()
    behind = [
        name
        for name, text in made.items()
        if not (FOLDER / name).exists() or (FOLDER / name).read_text(encoding="utf-8") != text
    ]
    if "--check" in sys.argv:
        for name in behind:
            sys.stderr.write(f"schemas/{name} is behind the protocols: run `make schemas`\n")
        return 1 if behind else 0
    for name in behind:
        (FOLDER / name).write_text(made[name], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
