"""A client of `/ws`."""

from __future__ import annotations

import base64
import json
from typing import Any

from edge.core.messages.client_commands import Reply
from edge.protocols.client_protocol import Handshake, Json, ProtocolSettings
from edge.protocols.conversational import ConversationalProtocol


def connected(*, started: bool = False, rate_hz: int = 16_000) -> ConversationalProtocol:
    made = ConversationalProtocol(
        Handshake(connection="conn_0", settings=ProtocolSettings(rate_hz=rate_hz))
    )
    if started:
        made.receive('{"type": "start_conversation"}')
    return made


def chunk(audio: bytes) -> str:
    return json.dumps({"type": "audio_chunk", "audio_data": base64.b64encode(audio).decode()})


def error_of(commands: list[Any]) -> Json:
    (reply,) = commands
    assert isinstance(reply, Reply)
    assert reply.message["type"] == "error"
    return reply.message
