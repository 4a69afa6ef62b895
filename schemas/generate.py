"""Write the contract for other languages: `python -m schemas.generate [--check]`.

`schemas/events.schema.json` is the JSON Schema of every message, `schemas/asyncapi.json` their
subjects, `schemas/agent.schema.json` and `tenant.schema.json` the JSON Schema of the files of
agents and tenants, `schemas/openapi.json` the edge's HTTP API. The table of events in
`schemas/README.md` is written, too. All are committed; a test fails if they differ from the types.
"""

import inspect
import json
import sys
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from schemas import (
    agent,
    audio,
    codec,
    control,
    event_table,
    events,
    openapi,
    session_config,
    tenant,
)
from schemas.docstrings import describe

HERE = Path(__file__).parent
README = "README.md"
SIDE = (
    audio.AudioFrame,
    audio.SpeechChunk,
    audio.TranscriptPartial,
    audio.RecordedSound,
    control.CallRequest,
    control.CallReply,
    control.CallsRequest,
    control.CallsReply,
)

CHANNELS: dict[str, tuple[str, str]] = {
    # By kind: the writers, and a description
    "life": ("edge", "The session's own story."),
    "speech": ("edge", "One job for STT each."),
    "heard": ("stt", "What was understood."),
    "turn": ("edge", "One job for the LLM each."),
    "say": ("llm, edge", "The response as a fenced chain; each sentence is a job for TTS."),
    "tool": ("edge", "One job for a tool runner each."),
    "hook": ("edge", "Messages to an application."),
    "out": ("tts, llm, stt, edge", "Results, failures and measurements of jobs."),
    "in": ("edge", "The inputs of the call, for replays."),
}
IN_MEMORY = "In memory for a minute at most, never on disk."
TRACE = {"type": "string", "description": "W3C trace context."}
FLOWS = (
    ("audio", "aura.au.{session}.{utterance}", "AudioFrame", "The caller's audio, to STT."),
    ("speech", "aura.pcm.{session}.{turn}", "SpeechChunk", "Synthesized audio, to the edge."),
    ("partial", "aura.part.{session}", "TranscriptPartial", "Growing words. Core NATS only."),
    (
        "call",
        "aura.call.{session}",
        "CallRequest",
        "To the edge that holds the call, which answers with CallReply. Core NATS only.",
    ),
    ("calls", "aura.calls", "CallsRequest", "To all edges, which answer with CallsReply."),
    (
        "recording",
        "aura.rec.{tenant}.{session}.{side}",
        "RecordedSound",
        "Sound of a call that is recorded, in stream AURA_RECORDING.",
    ),
)


def event_types() -> list[type[events.Event]]:
    return list(typing.get_args(events.AnyEvent))


CONFIGURATION: tuple[type[msgspec.Struct], ...] = (
    session_config.SessionConfig,
    session_config.TurnConfig,
    session_config.Waits,
    session_config.InterruptionConfig,
    session_config.ResponseConfig,
    session_config.VoiceConfig,
    session_config.IdleConfig,
    session_config.CallLimits,
    session_config.SpendLimit,
    session_config.Prices,
    session_config.WebhookConfig,
    agent.AgentUsed,
    *control.COMMANDS,
)
AGENT: Mapping[str, type[msgspec.Struct]] = {
    "Agent": agent.Agent,
    "Callers": agent.Callers,
    "Variable": agent.Variable,
    "AgentTool": agent.AgentTool,
    **{f"Agent{part.capitalize()}": of for part, (_, of) in agent.SECTIONS.items()},
}
"""Definitions of an agent's schema, and the structs that have their docstrings."""
TENANT: Mapping[str, type[msgspec.Struct]] = {
    "Tenant": tenant.Tenant,
    "TenantLimits": tenant.TenantLimits,
    "TenantWebhook": tenant.TenantWebhook,
    "TenantSpend": session_config.SpendLimit,
    "TenantPrices": session_config.Prices,
}
"""Definitions of a tenant's schema, and the structs that have their docstrings."""


def message_types() -> list[type[msgspec.Struct]]:
    return [*event_types(), *SIDE]


def tag(kind: type[msgspec.Struct]) -> str:
    return str(kind.__struct_config__.tag)


def json_schema() -> dict[str, Any]:
    """Return one JSON Schema document with a definition for each message."""
    _, definitions = msgspec.json.schema_components(message_types(), ref_template="#/$defs/{name}")
    for kind in (*message_types(), *CONFIGURATION):
        describe(definitions[kind.__name__], kind)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Messages on Aura's bus",
        "description": "On the wire they are MessagePack maps; `x-msgpack-type: bin` marks bytes.",
        "x-schema-version": events.SCHEMA_VERSION,
        "$defs": {name: definitions[name] for name in sorted(definitions)},
        "oneOf": [{"$ref": f"#/$defs/{kind.__name__}"} for kind in event_types()],
    }


def agent_schema() -> dict[str, Any]:
    """Return the JSON Schema of an agent's file, for completion in editors."""
    return _file_schema(agent.Agent, AGENT, "An agent of Aura: agents/NAME.yaml")


def tenant_schema() -> dict[str, Any]:
    """Return the JSON Schema of a tenant's file."""
    return _file_schema(tenant.Tenant, TENANT, "A tenant of Aura: tenants/TENANT.yaml")


def _file_schema(
    of: type[msgspec.Struct], parts: Mapping[str, type[msgspec.Struct]], title: str
) -> dict[str, Any]:
    _, definitions = msgspec.json.schema_components([of], ref_template="#/$defs/{name}")
    for name, kind in parts.items():
        describe(definitions[name], kind)
    root = definitions.pop(of.__name__)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **root,
        "title": title,
        "$defs": {name: definitions[name] for name in sorted(definitions)},
    }


def asyncapi() -> dict[str, Any]:
    """Return the AsyncAPI 3 document of the bus."""
    messages = {tag(kind): _message(kind) for kind in event_types()}
    messages |= {kind.__name__: _message(kind) for kind in SIDE}
    channels = _channels()
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


def _channels() -> dict[str, Any]:
    channels: dict[str, Any] = {}
    for kind, (writer, what) in CHANNELS.items():
        of_kind = [tag(one) for one in event_types() if kind == one.KIND]
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
    for name, address, message, note in FLOWS:
        parameters: dict[str, Any] = {
            part.strip("{}"): {} for part in address.split(".") if part.startswith("{")
        }
        channels[name] = {
            "address": address,
            "description": note if name == "recording" else f"{note} {IN_MEMORY}",
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
    elif kind is not audio.RecordedSound:
        message["headers"] = {"type": "object", "properties": {codec.TRACE_HEADER: TRACE}}
    return message


def documents() -> dict[str, str]:
    """Return the generated files, name to text."""
    made = {
        "agent.schema.json": agent_schema(),
        "tenant.schema.json": tenant_schema(),
        "events.schema.json": json_schema(),
        "asyncapi.json": asyncapi(),
        "openapi.json": openapi.document(),
    }
    readme = (HERE / README).read_text(encoding="utf-8")
    return {
        **{name: json.dumps(what, indent=2, sort_keys=False) + "\n" for name, what in made.items()},
        README: event_table.filled(readme, event_table.MARK, event_table.table()),
    }


def written(made: Mapping[str, str], folder: Path = HERE) -> int:
    """Write the files in *made*; with --check only name the outdated ones and return 1."""
    behind = [
        name
        for name, text in made.items()
        if not (folder / name).exists() or (folder / name).read_text(encoding="utf-8") != text
    ]
    for name in behind:
        if "--check" in sys.argv:
            sys.stderr.write(f"{folder.name}/{name} is outdated: run `make schemas`\n")
        else:
            (folder / name).write_text(made[name], encoding="utf-8")
    return 1 if behind and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(written(documents()))
