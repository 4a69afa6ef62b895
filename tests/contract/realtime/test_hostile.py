"""Whatever a client sends: a documented error or an answer, and nothing is harmed."""

from __future__ import annotations

import json
import os
import random

import msgspec
import pytest

from benchmarks.soak.hostile_events import realtime
from edge.core.messages.client_commands import Reply
from edge.protocols.client_protocol import Handshake, ProtocolSettings
from edge.protocols.realtime import RealtimeProtocol
from schemas import codec
from schemas.events import Event
from tests.contract.realtime.caller import RealtimeCaller

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


@pytest.mark.parametrize("seed", range(3))
def test_hostile_events_are_answered_by_documented_errors_and_harm_nothing(seed: int) -> None:
    dice = random.Random(seed)
    c = RealtimeCaller()
    for number in range(COUNT // 3):
        c.send(realtime(dice))
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
    protocol = RealtimeProtocol(
        Handshake("c", settings=ProtocolSettings(control_messages_per_second=10))
    )
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
def test_an_invalid_event_gets_the_protocols_own_error(frame: str | bytes) -> None:
    c = RealtimeCaller()
    c.send(frame)
    told = c.told[-1]
    assert set(told) == {"type", "event_id", "error"}
    assert set(told["error"]) == {"type", "code", "message", "param", "event_id"}
