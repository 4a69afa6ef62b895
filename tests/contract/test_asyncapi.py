"""The AsyncAPI documents of both WebSockets say what the protocols do: each message, both ways."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, get_args

import jsonschema
import pytest

from edge.core.messages import client_events as ce
from edge.core.messages.client_commands import Reply
from edge.protocols import asyncapi, continuous
from edge.protocols.client_protocol import Handshake
from edge.protocols.continuous import ContinuousProtocol
from edge.protocols.conversational import ConversationalProtocol
from edge.protocols.session_events import SHOWN
from schemas.events import TurnMeasured
from schemas.generate import HERE
from tests.unit.runtime.story import story

TOLD: list[ce.ClientEvent] = [
    ce.SessionOpened("s_1", resumed=True, heard="It is"),
    ce.CallerStarted(1, 100, over_response=False),
    ce.CallerStopped(1, 100, 900, discarded=False),
    ce.CallerTranscript("What", final=False),
    ce.CallerTranscript("What is it?", final=True, confidence=0.9),
    ce.CallerTranscript("Really?", final=True, confidence=0.9, continues=True),
    ce.Speech(0, "Hello!", bytes(640), ends=True),
    ce.Speech(1, "It is", b"", ends=False),
    ce.ResponseDone(1, "It is nothing.", "model", 0.5, 9, 9),
    ce.Interrupted(1, "It is", 400),
    ce.Trouble("llm", "gone", fatal=True),
    ce.Measured(TurnMeasured(tenant="t", session="s", at_ms=1, turn=1, first_sent_ms=500.0)),
    ce.ClientToolCalled("call_1", "book", '{"day": "Friday"}'),
    ce.ClientToolCancelled("call_1"),
    *(ce.Happened(event) for event in story()),
    ce.Notice("OVERLOADED", "Busy", "later"),
    ce.SessionClosed(),
]
EXAMPLES: Mapping[str, dict[str, Any]] = {
    "text": {"text": "Good morning"},
    "tool_result": {"call_id": "call_1", "result": {"done": True}},
    "ping": {"timestamp": 1},
    "audio_chunk": {"audio_data": ""},
    "start_conversation": {
        "stream": True,
        "language": "en",
        "eagerness": "low",
        "silence_ms": 500,
        "rate": 8000,
        "format": "mulaw",
        "agent": "host",
        "variables": {"guest": "Ann"},
        "record": True,
    },
}


@cache
def document(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(asyncapi.documents()[f"asyncapi.{name}.json"])
    return found


def payload(name: str, message: str) -> dict[str, Any]:
    found: dict[str, Any] = document(name)["components"]["messages"][message]["payload"]
    return found


@cache
def checker(name: str, message: str) -> jsonschema.Draft202012Validator:
    """Return what checks *message*; its schema is checked once."""
    schema = payload(name, message)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def names(name: str, operation: str) -> set[str]:
    refs = document(name)["operations"][operation]["messages"]
    return {ref["$ref"].rpartition("/")[2] for ref in refs} - {"sound"}


def check(name: str, messages: Iterable[Mapping[str, Any]]) -> set[str]:
    """Hold *messages* against the document; return their types."""
    kinds = set()
    for one in messages:
        checker(name, one["type"]).validate(one)
        assert set(one) <= set(payload(name, one["type"])["properties"]), one
        kinds.add(one["type"])
    return kinds


def replies(commands: Iterable[Any]) -> list[Mapping[str, Any]]:
    return [one.message for one in commands if isinstance(one, Reply)]


def test_the_documents_are_those_of_today() -> None:
    for name, text in asyncapi.documents().items():
        assert (HERE / name).read_text(encoding="utf-8") == text, "run `make schemas`"


def test_every_message_of_the_continuous_protocol_is_described_and_none_else() -> None:
    kinds = set()
    for audio in ("chunks", "sentences"):
        query = {"audio": audio, "partials": "1", "metrics": "1", "events": "1", "rate": "never"}
        protocol = ContinuousProtocol(Handshake("conn_0", query))
        kinds |= check("continuous", replies(protocol.opened()))
        told = [message for event in TOLD for message in protocol.messages(event)]
        kinds |= check("continuous", told)
        for sent in ("no JSON", '{"type": "ping"}', '{"type": "what"}', '{"type": "text"}'):
            kinds |= check("continuous", replies(protocol.receive(sent)))
    assert kinds == names("continuous", "receive")


def test_every_message_of_the_conversational_protocol_is_described_and_none_else() -> None:
    protocol = ConversationalProtocol(Handshake("conn_0"))
    kinds = check("conversational", replies(protocol.opened()))
    kinds |= check("conversational", replies(protocol.receive('{"type": "end_conversation"}')))
    told = [message for event in TOLD for message in protocol.messages(event)]
    kinds |= check("conversational", told)
    assert kinds == names("conversational", "receive")


@pytest.mark.parametrize("name", ["continuous", "conversational"])
def test_what_a_client_may_send_is_understood(name: str) -> None:
    for kind in names(name, "send"):
        protocol = (
            ContinuousProtocol(Handshake("c"))
            if name == "continuous"
            else ConversationalProtocol(Handshake("c"))
        )
        protocol.receive('{"type": "start_conversation"}')
        message = {"type": kind, **EXAMPLES.get(kind, {})}
        checker(name, kind).validate(message)
        errors = [one for one in replies(protocol.receive(json.dumps(message))) if "code" in one]
        assert errors == [], kind


def test_every_option_is_described_and_each_bound_is_the_protocols_own() -> None:
    query = document("continuous")["channels"]["call"]["bindings"]["ws"]["query"]["properties"]
    assert set(query) == continuous.OPTION_NAMES
    for option, schema in query.items():
        for value, good in (
            (schema.get("minimum"), True),
            (schema.get("maximum"), True),
            (schema.get("minimum", 0) - 1, False),
            (schema.get("maximum", 0) + 1, False),
        ):
            if schema.get("type") != "integer" or value is None:
                continue
            ignored = replies(ContinuousProtocol(Handshake("c", {option: str(value)})).opened())
            assert bool(ignored) is not good, (option, value)


def test_every_event_that_is_told_is_described_with_its_fields() -> None:
    kinds = payload("continuous", "event")["oneOf"]
    found = {
        one["properties"]["event"]["const"]: tuple(one["properties"]["data"]["required"])
        for one in kinds
    }
    assert found == dict(SHOWN)
    assert all(
        schema for one in kinds for schema in one["properties"]["data"]["properties"].values()
    ), "each with its type"


def test_all_that_a_client_is_told_was_tried() -> None:
    kinds = {type(one) for one in TOLD}
    silent = {
        ce.TurnHandedIn,
        ce.ResponseStarted,
        ce.ResponseRefused,
        ce.ResponseDropped,
        ce.CallerSilent,
        ce.CallsDone,
        ce.Transferred,
        ce.Tones,
    }
    assert kinds | silent == set(get_args(ce.ClientEvent))
