"""Write the AsyncAPI documents of both WebSockets: `python -m edge.protocols.asyncapi [--check]`.

The files are `schemas/asyncapi.continuous.json` and `schemas/asyncapi.conversational.json`. The
messages come from the types in `schemas/client_messages.py`, the options and events from the
protocols' own tables.
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from edge.protocols import continuous
from edge.protocols.asyncapi_payloads import (
    Schema,
    continuous_query,
    payload,
    session_event,
    start_conversation,
    turn_metrics,
)
from edge.protocols.client_protocol import CloseCode
from schemas import client_messages as messages
from schemas import events
from schemas.documents.docstrings import describe
from schemas.events import Event, tag
from schemas.events.shared_fields import SharedFields
from schemas.generate import event_types, written
from schemas.patterns import components

SOUND = {
    "name": "sound",
    "title": "A binary frame",
    "summary": "Sound of the caller: PCM by `rate` and `format`, or a recorder's file.",
    "contentType": "application/octet-stream",
    "payload": {"type": "string", "format": "binary"},
}
BOTH_TO_CLIENT = (messages.AiInterrupted, messages.ToolCallMessage, messages.ToolCancelled)
BOTH_FROM_CLIENT = (messages.Text, messages.ToolResult)


@dataclass(frozen=True)
class Described:
    """The facts about a protocol that its document holds."""

    file: str
    title: str
    path: str
    about: str
    to_client: Mapping[str, Schema]
    """The payloads of its messages, by their types."""
    from_client: Mapping[str, Schema]
    query: Mapping[str, Schema]


def protocols() -> tuple[Described, Described]:
    """Return both protocols."""
    schemas = components(event_types(), ref_template="./events.schema.json#/$defs/{name}")
    for kind in event_types():
        describe(schemas[kind.__name__], kind, Event, SharedFields)
    return _continuous(schemas), _conversational()


def _continuous(schemas: Mapping[str, Schema]) -> Described:
    """Return the description of `/ws/voice/continuous`; *schemas* has events' schemas."""
    closes = [
        "1000 the call ended",
        "1008 refused: the token, the agent, or a client that exceeds its budget",
        *(f"{code} {message.lower()}" for message, _, code in continuous.ERRORS.values()),
        f"{CloseCode.SERVICE_RESTART.value} the edge restarts: resume the session at once",
        f"{CloseCode.TRY_AGAIN_LATER.value} no free seat, or a client that reads too slowly",
    ]
    return Described(
        "asyncapi.continuous.json",
        "Aura: /ws/voice/continuous",
        "/ws/voice/continuous",
        "PCM up, JSON down, a token, one session a connection. Closed with: "
        + "; ".join(closes)
        + ".",
        {
            **_payloads(
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
            "turn_metrics": turn_metrics(schemas),
            "event": session_event(schemas),
        },
        _payloads(*BOTH_FROM_CLIENT, messages.InterruptMessage, messages.Ping, messages.EndCall),
        continuous_query(),
    )


def _conversational() -> Described:
    """Return `/ws`."""
    return Described(
        "asyncapi.conversational.json",
        "Aura: /ws",
        "/ws",
        "JSON both ways with WAV as base64, one session after the other.",
        _payloads(
            messages.ConnectionEstablished,
            messages.ConversationStarted,
            messages.Transcript,
            messages.AiResponse,
            messages.ConversationEnded,
            *BOTH_TO_CLIENT,
            messages.ConversationalError,
        ),
        {
            **_payloads(messages.AudioChunk, *BOTH_FROM_CLIENT, messages.EndConversation),
            "start_conversation": start_conversation(),
        },
        {"token": {"type": "string", "description": "Where the operator asks for one."}},
    )


def _payloads(*kinds: type[messages.ClientMessage]) -> dict[str, Schema]:
    return {tag(kind): payload(kind) for kind in kinds}


def document(of: Described) -> Schema:
    """Return the AsyncAPI 3 document of a protocol; `send` is what the client sends."""
    down, up = of.to_client, of.from_client
    both = {**down, **up}
    described = {**{name: _message(name, both[name]) for name in both}, "sound": SOUND}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": of.title,
            "version": f"{events.SCHEMA_VERSION}.0.0",
            "description": f"{of.about} docs/protocol.md describes it in words.",
        },
        "defaultContentType": "application/json",
        "servers": {"local": {"host": "localhost:8000", "protocol": "ws"}},
        "channels": {"call": _channel(of, described)},
        "operations": {
            "send": _operation("send", [*up, "sound"]),
            "receive": _operation("receive", list(down)),
        },
        "components": {"messages": described},
    }


def _channel(of: Described, names: Iterable[str]) -> Schema:
    """Return the one channel of a protocol, with the messages *names* in both directions."""
    query = {"type": "object", "properties": dict(of.query)}
    return {
        "address": of.path,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {"ws": {"method": "GET", "query": query}},
    }


def _operation(action: str, names: Sequence[str]) -> Schema:
    return {
        "action": action,
        "channel": {"$ref": "#/channels/call"},
        "messages": [{"$ref": f"#/channels/call/messages/{name}"} for name in names],
    }


def _message(name: str, payload: Schema) -> Schema:
    summary = payload["description"]
    rest = {key: value for key, value in payload.items() if key != "description"}
    return {"name": name, "summary": summary, "payload": rest}


def documents() -> dict[str, str]:
    """Return the generated files, name to text."""
    return {of.file: json.dumps(document(of), indent=2) + "\n" for of in protocols()}


if __name__ == "__main__":
    sys.exit(written(documents(), check="--check" in sys.argv))
