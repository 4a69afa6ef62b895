"""The AsyncAPI document of the bus: its subjects, the messages on each, and who sends them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from schemas import audio, events, subjects
from schemas.documents.asyncapi_messages import SERVICE_CALL, SERVICE_REPLY, message
from schemas.documents.asyncapi_operations import operations
from schemas.documents.asyncapi_parameters import PARAMETERS
from schemas.events import Kind, tag
from schemas.routes import writers_of
from schemas.session_config import SessionConfig

CHANNELS: Mapping[Kind, str] = {
    "life": "The session's own story.",
    "speech": "One job for STT each.",
    "heard": "What was understood.",
    "turn": "One job for the LLM each.",
    "say": "The response as a fenced chain; each sentence is a job for TTS.",
    "tool": "One job for a tool runner each.",
    "hook": "Messages to an application.",
    "out": "Results, failures and measurements of jobs.",
    "in": "The inputs of the call, for replays.",
}
"""The kinds of events, with a description of each."""
IN_MEMORY = f"Kept in memory for {audio.AUDIO_RETENTION_S} s, never on disk."
NOT_STORED = "Core NATS only: nowhere stored."


class Flow(NamedTuple):
    """A subject of messages that are no events."""

    name: str
    address: str
    message: str
    about: str
    stream: str = ""
    """The stream that stores them; empty: none."""
    reply: str = ""
    """The message that answers; empty: none does."""


FLOWS = (
    Flow(
        "audio",
        "aura.au.{session}.{utterance}",
        "AudioFrame",
        f"The caller's audio. {IN_MEMORY}",
        subjects.AUDIO_STREAM,
    ),
    Flow(
        "speech",
        "aura.pcm.{session}.{turn}",
        "SpeechChunk",
        f"Synthesized audio. {IN_MEMORY}",
        subjects.AUDIO_STREAM,
    ),
    Flow("partial", "aura.part.{session}", "TranscriptPartial", f"Growing words. {NOT_STORED}"),
    Flow(
        "call",
        "aura.call.{session}",
        "CallRequest",
        f"The edge that holds the call answers; without one there is no responder. {NOT_STORED}",
        reply="CallReply",
    ),
    Flow(
        "calls",
        "aura.calls",
        "CallsRequest",
        f"Every edge answers, within 0.3 s, with one message or several. {NOT_STORED}",
        reply="CallsReply",
    ),
    Flow(
        "tool",
        "aura.tool.{tenant}.{name}",
        "ServiceCall",
        "A NATS micro service `auratools` serves the tool, to this tenant or to all (`*`). "
        f"{NOT_STORED}",
        reply="ServiceReply",
    ),
    Flow(
        "configuration",
        "aura.config.{hash}",
        "SessionConfig",
        "An operator's configuration, which `config_hash` of an event names; stored for ever.",
        subjects.CONFIGS_STREAM,
    ),
    Flow(
        "recording",
        "aura.rec.{tenant}.{session}.{side}",
        "RecordedSound",
        "Sound of a call that is recorded; stored for 72 h.",
        subjects.RECORDING_STREAM,
    ),
)


def document(
    event_types: Sequence[type[events.Event]], others: Sequence[type[msgspec.Struct]]
) -> dict[str, Any]:
    """Return the document; *others* are the messages that are no events."""
    messages = {tag(kind): message(kind) for kind in event_types}
    messages |= {kind.__name__: message(kind) for kind in others}
    messages["SessionConfig"] = {
        **message(SessionConfig),
        "summary": "Edge -> all: the configuration of an operator, which events name by its hash.",
    }
    messages["ServiceCall"] = SERVICE_CALL
    messages["ServiceReply"] = SERVICE_REPLY
    channels = {**_event_channels(event_types), **_other_channels()}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Aura's bus",
            "version": f"{events.SCHEMA_VERSION}.0.0",
            "description": "See schemas/README.md for a worker or a subscriber in another "
            "language. Tags of operations are the bus's users, who send and receive; a "
            "`controller` is the console, an edge or the operator.",
        },
        "defaultContentType": "application/msgpack",
        "channels": channels,
        "operations": operations(channels, messages),
        "components": {"messages": messages, "parameters": PARAMETERS},
    }


def _event_channels(event_types: Sequence[type[events.Event]]) -> dict[str, Any]:
    channels: dict[str, Any] = {}
    for kind, what in CHANNELS.items():
        of_kind = [event_type for event_type in event_types if kind == event_type.KIND]
        writers = ", ".join(writers_of(of_kind))
        channels[f"ev.{kind}"] = {
            **_channel(f"aura.ev.{{tenant}}.{{session}}.{kind}", map(tag, of_kind)),
            "description": f"{what} Stored for 72 h. Written by: {writers}.",
            "x-jetstream-stream": subjects.EVENTS_STREAM,
        }
        channels[f"live.{kind}"] = {
            **_channel(f"aura.live.{{tenant}}.{{session}}.{kind}", map(tag, of_kind)),
            "description": "The same events, mirrored by the server once they are stored, each "
            "with its sequence in the stream as the header `Nats-Sequence`. Read only.",
        }
    return channels


def _other_channels() -> dict[str, Any]:
    channels: dict[str, Any] = {}
    for flow in FLOWS:
        stored = {"x-jetstream-stream": flow.stream} if flow.stream else {}
        channels[flow.name] = {
            **_channel(flow.address, [flow.message]),
            "description": flow.about,
            **stored,
        }
        if flow.reply:
            channels[f"{flow.name}.reply"] = {
                **_channel(None, [flow.reply]),
                "description": "The reply subject of the request: an inbox of whoever asks.",
            }
    return channels


def _channel(address: str | None, messages: Iterable[str]) -> dict[str, Any]:
    parameters = re.findall(r"{(\w+)}", address or "")
    return {
        "address": address,
        "parameters": {name: {"$ref": f"#/components/parameters/{name}"} for name in parameters},
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
    }
