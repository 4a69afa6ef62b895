"""The AsyncAPI document of the bus: its subjects, and the messages on each."""

import inspect
from collections.abc import Sequence
from typing import Any

import msgspec

from schemas import audio, codec, events
from schemas.session_config import SessionConfig

CHANNELS: dict[str, tuple[str, str]] = {
    # By kind: the writers, and a description
    "life": ("edge", "The session's own story."),
    "speech": ("edge", "One job for STT each."),
    "heard": ("stt", "What was understood."),
    "turn": ("edge", "One job for the LLM each."),
    "say": ("llm, edge", "The response as a fenced chain; each sentence is a job for TTS."),
    "tool": ("edge", "One job for a tool runner each."),
    "hook": ("edge", "Messages to an application."),
    "out": ("tts, llm, stt, tool, edge", "Results, failures and measurements of jobs."),
    "in": ("edge", "The inputs of the call, for replays."),
}
IN_MEMORY = "In memory for a minute at most, never on disk."
TRACE = {"type": "string", "description": "W3C trace context."}
FLOWS = (
    # Name, address, message and description
    (
        "audio",
        "aura.au.{session}.{utterance}",
        "AudioFrame",
        f"The caller's audio, to STT. {IN_MEMORY}",
    ),
    (
        "speech",
        "aura.pcm.{session}.{turn}",
        "SpeechChunk",
        f"Synthesized audio, to the edge. {IN_MEMORY}",
    ),
    (
        "partial",
        "aura.part.{session}",
        "TranscriptPartial",
        f"Growing words. Core NATS only. {IN_MEMORY}",
    ),
    (
        "call",
        "aura.call.{session}",
        "CallRequest",
        "To the edge that holds the call, which answers with CallReply. Core NATS only. "
        f"{IN_MEMORY}",
    ),
    (
        "calls",
        "aura.calls",
        "CallsRequest",
        f"To all edges, which answer with CallsReply. {IN_MEMORY}",
    ),
    (
        "tool",
        "aura.tool.{tenant}.{name}",
        "ServiceCall",
        "To a NATS micro service `auratools` that serves the tool, to this tenant or to all "
        "(`*`); it answers with JSON or text, or with a service error. Core NATS only.",
    ),
    (
        "configuration",
        "aura.config.{hash}",
        "SessionConfig",
        "An operator's configuration, which `config_hash` of an event names, in stream "
        "AURA_CONFIGS.",
    ),
    (
        "recording",
        "aura.rec.{tenant}.{session}.{side}",
        "RecordedSound",
        "Sound of a call that is recorded, in stream AURA_RECORDING.",
    ),
)
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


def tag(kind: type[msgspec.Struct]) -> str:
    return str(kind.__struct_config__.tag)


def document(
    event_types: Sequence[type[events.Event]], others: Sequence[type[msgspec.Struct]]
) -> dict[str, Any]:
    """Return the document; *others* are the messages that are no events."""
    messages = {tag(kind): _message(kind) for kind in event_types}
    messages |= {kind.__name__: _message(kind) for kind in others}
    messages["SessionConfig"] = _message(SessionConfig)
    messages["ServiceCall"] = SERVICE_CALL
    channels = {**_event_channels(event_types), **_other_channels()}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Aura's bus",
            "version": f"{events.SCHEMA_VERSION}.0.0",
            "description": "See schemas/README.md for a subscriber in another language.",
        },
        "defaultContentType": "application/msgpack",
        "channels": channels,
        "operations": {
            f"read.{name}": {"action": "receive", "channel": {"$ref": f"#/channels/{name}"}}
            for name in channels
        },
        "components": {"messages": messages},
    }


def _event_channels(event_types: Sequence[type[events.Event]]) -> dict[str, Any]:
    channels: dict[str, Any] = {}
    for kind, (writer, what) in CHANNELS.items():
        of_kind = [tag(one) for one in event_types if kind == one.KIND]
        refs = {one: {"$ref": f"#/components/messages/{one}"} for one in of_kind}
        for prefix, note in (
            ("ev", f"Stored in stream AURA_EVENTS. Written by: {writer}."),
            ("live", "The same events, mirrored by the server once they are stored. Read only."),
        ):
            channels[f"{prefix}.{kind}"] = {
                "address": f"aura.{prefix}.{{tenant}}.{{session}}.{kind}",
                "description": f"{what} {note}" if prefix == "ev" else note,
                "parameters": {
                    "tenant": {"description": "Whose session it is."},
                    "session": {"description": "The session's id."},
                },
                "messages": refs,
            }
    return channels


def _other_channels() -> dict[str, Any]:
    channels: dict[str, Any] = {}
    for name, address, message, note in FLOWS:
        parameters: dict[str, Any] = {
            part.strip("{}"): {} for part in address.split(".") if part.startswith("{")
        }
        channels[name] = {
            "address": address,
            "description": note,
            "parameters": parameters,
            "messages": {message: {"$ref": f"#/components/messages/{message}"}},
        }
    return channels


def _message(kind: type[msgspec.Struct]) -> dict[str, Any]:
    message: dict[str, Any] = {
        "name": tag(kind) if issubclass(kind, events.Event) else kind.__name__,
        "summary": (inspect.getdoc(kind) or "").splitlines()[0],
        "contentType": "application/msgpack",
        "payload": {"$ref": f"./events.schema.json#/$defs/{kind.__name__}"},
    }
    if issubclass(kind, events.Event):
        identity = ".".join(["<session>", tag(kind), *(f"<{name}>" for name in kind.KEY)])
        message["headers"] = {
            "type": "object",
            "required": [codec.ID_HEADER, codec.TYPE_HEADER, codec.SCHEMA_HEADER],
            "properties": {
                codec.ID_HEADER: {"type": "string", "description": f"`{identity}`"},
                codec.TYPE_HEADER: {"const": tag(kind)},
                codec.SCHEMA_HEADER: {"const": str(events.SCHEMA_VERSION)},
                codec.TRACE_HEADER: TRACE,
            },
        }
    elif kind not in {audio.RecordedSound, SessionConfig}:
        message["headers"] = {"type": "object", "properties": {codec.TRACE_HEADER: TRACE}}
    return message
