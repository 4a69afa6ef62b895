"""Whatever a client sends: a documented error or an answer, and nothing is harmed."""

from __future__ import annotations

import json
import os
import random
from typing import Any

import msgspec
import pytest

from edge.core.client_commands import Reply
from edge.protocols.client_protocol import Handshake
from edge.protocols.realtime import RealtimeProtocol
from edge.protocols.realtime.protocol import EVENTS
from schemas import codec
from schemas.events import Event
from tests.unit.edge.protocols.realtime.caller import RealtimeCaller

COUNT = int(os.environ.get("AURA_TEST_HOSTILE_MESSAGES", "3000"))
CODES = {
    *("invalid_json", "invalid_value", "invalid_type", "missing_required_parameter"),
    *("unknown_parameter", "rate_limit_exceeded", "input_audio_buffer_commit_empty"),
    *("item_create_duplicate_item_id", "item_create_invalid_previous_item_id"),
    *("item_retrieve_invalid_item_id", "item_delete_invalid_item_id"),
    *("item_truncate_invalid_item_id", "response_cancel_not_active"),
    *("conversation_already_has_active_response",),
}
"""Those that docs/realtime.md explains."""
SCALARS: list[Any] = [
    *(None, True, False, 0, -1, 1.5, 10**30, float("nan"), float("inf"), "", "a", "null"),
    *("\ud800", "\u0000", "\u202e", "x" * 70_000, "audio/pcm", "server_vad", "none", "root"),
    *("AAAA", "!!!!", "item_1", "ek_", [], {}, [[]], {"": {}}, [None] * 600),
]
NAMES = (
    "type event_id session item item_id previous_item_id audio audio_end_ms content_index response "
    "response_id input output format turn_detection threshold silence_duration_ms transcription "
    "language output_modalities instructions max_output_tokens conversation metadata role content "
    "text id transcript voice speed idle_timeout_ms eagerness create_response"
).split()
KINDS = [*EVENTS, "session.create", "", "error", "response.created"]


def value(dice: random.Random, depth: int = 0) -> Any:
    if depth > 5 or dice.random() < 0.4:
        return dice.choice(SCALARS)
    if dice.random() < 0.2:
        return [value(dice, depth + 1) for _ in range(dice.randrange(4))]
    names = dice.sample(NAMES, dice.randrange(6))
    return {name: value(dice, depth + 1) for name in names}


def sensible(dice: random.Random) -> dict[str, Any]:
    """An event that could be meant, so that hostile ones meet a conversation that goes on."""
    kind = dice.choice(list(EVENTS))
    content = [{"type": "input_text", "text": "Hello."}]
    fields: dict[str, Any] = {
        "session.update": {"session": {"type": "realtime", "output_modalities": ["text"]}},
        "input_audio_buffer.append": {"audio": "AAAA" * 640},
        "conversation.item.create": {
            "item": {"type": "message", "role": "user", "content": content}
        },
        "response.create": {"response": {"metadata": {"a": "b"}}},
    }
    return {"type": kind, **fields.get(kind, {})}


def hostile(dice: random.Random) -> str | bytes:
    choice = dice.random()
    if choice < 0.05:
        return dice.randbytes(dice.randrange(60))
    if choice < 0.1:
        return dice.choice(["", "{", "[]", "7", '"a"', "[" * 100_000, '{"type": 7}', "\ufeff{}"])
    event = sensible(dice)
    if choice < 0.8:
        for name in dice.sample(NAMES, dice.randrange(4)):
            event[name] = value(dice)
        event["type"] = dice.choice(KINDS) if dice.random() < 0.5 else event["type"]
    text = json.dumps(event)
    if choice > 0.95:
        at = dice.randrange(len(text))
        text = text[:at] + dice.choice(["", "\\ud800", "}", "\x00"]) + text[at + 1 :]
    return text


@pytest.mark.parametrize("seed", range(3))
def test_hostile_events_are_answered_by_documented_errors_and_harm_nothing(seed: int) -> None:
    dice = random.Random(seed)
    c = RealtimeCaller()
    for number in range(COUNT // 3):
        c.send(hostile(dice))
        if number % 50 == 0:
            c.says(100)
            c.quiet(60)
        for told in c.told:
            msgspec.json.encode(told)
        assert set(c.errors) <= CODES
        c.told.clear()
    for event in c.r.events(Event):
        codec.decode(codec.encode(event))
    assert isinstance(c.protocol.audio_out_hz, int)


def test_a_flood_of_events_is_refused_and_audio_is_none() -> None:
    protocol = RealtimeProtocol(Handshake(connection="c", events_a_second=10))
    event = json.dumps({"type": "conversation.item.retrieve", "item_id": "x", "event_id": "e"})

    def code(now_ms: int) -> str:
        (reply,) = protocol.receive(event, now_ms)
        assert isinstance(reply, Reply)
        return str(reply.message["error"]["code"])

    codes = [code(1000) for _ in range(300)]
    assert codes.count("item_retrieve_invalid_item_id") == 200
    assert codes[-1] == "rate_limit_exceeded"
    assert code(1100) == "item_retrieve_invalid_item_id"
    audio = json.dumps({"type": "input_audio_buffer.append", "audio": "AAAA"})
    assert all(not isinstance(one, Reply) for _ in range(500) for one in protocol.receive(audio))


@pytest.mark.parametrize("frame", ["", "{", "[]", '{"type": 7}', b"\0\1", '{"type": "dance"}'])
def test_an_event_that_is_none_is_told_in_the_protocols_own_form(frame: str | bytes) -> None:
    c = RealtimeCaller()
    c.send(frame)
    told = c.told[-1]
    assert set(told) == {"type", "event_id", "error"}
    assert set(told["error"]) == {"type", "code", "message", "param", "event_id"}
