"""The AsyncAPI document of the bus: every kind of event and every flow has its subject."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from schemas import codec, events, subjects
from schemas.audio import AudioFrame, RecordedSound, SpeechChunk
from schemas.documents.asyncapi import CHANNELS, FLOWS, IN_MEMORY, NOT_STORED, document
from schemas.events import tag
from schemas.generate import SIDE, event_types

DOCUMENT = document(event_types(), SIDE)
SESSION: dict[str, Any] = {"tenant": "t", "session": "s", "at_ms": 1}


def references(within: Any) -> Iterator[str]:
    """Yield every `$ref` in *within*."""
    if isinstance(within, dict):
        if isinstance(found := within.get("$ref"), str):
            yield found
        within = list(within.values())
    if isinstance(within, list):
        for item in within:
            yield from references(item)


def messages(channel: str) -> set[str]:
    return set(DOCUMENT["channels"][channel]["messages"])


def headers(message: str) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["components"]["messages"][message]["headers"]
    return found


def test_every_reference_within_the_document_leads_somewhere() -> None:
    within = {reference for reference in references(DOCUMENT) if reference.startswith("#/")}
    assert within
    for reference in within:
        found: Any = DOCUMENT
        for name in reference.removeprefix("#/").split("/"):
            found = found.get(name)
        assert found, reference


def test_every_kind_of_event_has_a_stored_subject_and_its_mirror() -> None:
    assert set(CHANNELS) == set(typing.get_args(events.Kind))
    for kind in CHANNELS:
        stored, live = (DOCUMENT["channels"][f"{prefix}.{kind}"] for prefix in ("ev", "live"))
        assert stored["address"] == subjects.session_events("{tenant}", "{session}", kind)
        assert live["address"] == subjects.live("{tenant}", "{session}", kind)
        assert stored["messages"] == live["messages"]
        assert set(stored["parameters"]) == {"tenant", "session"}
        assert "Read only" in live["description"]
        assert "Read only" not in stored["description"]


def test_an_event_is_on_the_subject_of_its_kind_and_on_no_other() -> None:
    for kind in event_types():
        found = {name for name in DOCUMENT["channels"] if tag(kind) in messages(name)}
        assert found == {f"ev.{kind.KIND}", f"live.{kind.KIND}"}, tag(kind)


@pytest.mark.parametrize(
    ("flow", "address"),
    [
        ("audio", subjects.utterance("{session}", "{utterance}")),
        ("speech", subjects.speech("{session}", "{turn}")),
        ("partial", subjects.partials("{session}")),
        ("call", subjects.call("{session}")),
        ("calls", subjects.CALLS),
        ("tool", subjects.tool("{tenant}", "{name}")),
        ("configuration", subjects.config("{hash}")),
        ("recording", subjects.recording("{tenant}", "{session}", "{side}")),
    ],
)
def test_a_flow_has_the_address_that_the_program_uses(flow: str, address: str) -> None:
    channel = DOCUMENT["channels"][flow]
    assert channel["address"] == address
    parameters = [part.strip("{}") for part in address.split(".") if part.startswith("{")]
    assert list(channel["parameters"]) == parameters
    assert len(channel["messages"]) == 1


def test_no_flow_is_left_out() -> None:
    kinds = {f"{prefix}.{kind}" for prefix in ("ev", "live") for kind in CHANNELS}
    assert set(DOCUMENT["channels"]) == kinds | {flow.name for flow in FLOWS} | {
        f"{flow.name}.reply" for flow in FLOWS if flow.reply
    }


@pytest.mark.parametrize(
    ("flow", "text"),
    [
        *(("audio", IN_MEMORY), ("speech", IN_MEMORY)),
        *((flow, NOT_STORED) for flow in ("partial", "call", "calls", "tool")),
    ],
)
def test_what_is_never_on_disk_says_so(flow: str, text: str) -> None:
    assert DOCUMENT["channels"][flow]["description"].endswith(text)


def test_a_message_of_an_event_names_its_headers_and_its_schema() -> None:
    for kind in event_types():
        message = DOCUMENT["components"]["messages"][tag(kind)]
        assert message["name"] == tag(kind)
        assert message["payload"] == {"$ref": f"./events.schema.json#/$defs/{kind.__name__}"}
        assert message["summary"] == (kind.__doc__ or "").splitlines()[0], tag(kind)
        found, version = headers(tag(kind)), str(events.SCHEMA_VERSION)
        assert found["required"] == [codec.ID_HEADER, codec.TYPE_HEADER, codec.SCHEMA_HEADER]
        assert found["properties"][codec.TYPE_HEADER] == {"const": tag(kind)}
        assert found["properties"][codec.SCHEMA_HEADER] == {"const": version}


def test_the_id_in_the_headers_is_written_as_the_ids_of_events_are() -> None:
    event = events.TurnCommitted(
        **SESSION, turn=7, text="Hello.", confidence=1.0, speculative=False
    )
    described = headers("turn.committed")["properties"][codec.ID_HEADER]["description"]
    assert described.strip("`").replace("<session>", "s").replace("<turn>", "7") == event.id


@pytest.mark.parametrize("kind", [AudioFrame, SpeechChunk], ids=lambda kind: kind.__name__)
def test_a_message_that_is_no_event_has_a_trace_at_most(kind: type[msgspec.Struct]) -> None:
    assert set(headers(kind.__name__)["properties"]) == {codec.TRACE_HEADER}


@pytest.mark.parametrize("name", ["RecordedSound", "SessionConfig"])
def test_what_is_stored_beside_the_events_has_no_headers(name: str) -> None:
    assert "headers" not in DOCUMENT["components"]["messages"][name]


def test_a_call_of_a_service_is_json_with_an_idempotency_key() -> None:
    service = DOCUMENT["components"]["messages"]["ServiceCall"]
    assert service["contentType"] == "application/json"
    assert {"Idempotency-Key", "Aura-Session"} <= set(service["headers"]["properties"])


def test_only_the_given_messages_are_described() -> None:
    small = document([events.TurnTaken], [RecordedSound])
    assert set(small["components"]["messages"]) == {
        *("turn.taken", "RecordedSound", "SessionConfig", "ServiceCall", "ServiceReply")
    }
    assert set(small["channels"]["ev.turn"]["messages"]) == {"turn.taken"}
    assert small["channels"]["ev.life"]["messages"] == {}
