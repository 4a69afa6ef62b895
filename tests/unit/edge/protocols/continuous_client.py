"""A client of `/ws/voice/continuous`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edge.core.messages.client_commands import Begin, Reply
from edge.protocols.client_protocol import Handshake, Json, ProtocolSettings
from edge.protocols.continuous import ContinuousProtocol
from runtime.prices import PRICES


def connected(
    query: Mapping[str, str] | None = None, *, headers: Mapping[str, str] | None = None
) -> ContinuousProtocol:
    return ContinuousProtocol(
        Handshake(
            connection="conn_0",
            query=query or {},
            headers=headers or {},
            settings=ProtocolSettings(prices=PRICES),
        )
    )


def only(messages: list[Json]) -> Json:
    (message,) = messages
    return message


def error_of(commands: list[Any]) -> Json:
    """Return the one error among *commands*, in this protocol's form."""
    (reply,) = commands
    assert isinstance(reply, Reply)
    assert set(reply.message) == {"type", "message", "code", "details"}
    assert reply.message["type"] == "error"
    return reply.message


def ignored(protocol: ContinuousProtocol) -> tuple[Begin, list[str]]:
    """Return how the session begins, and what is told of options that cannot be."""
    begin, *told = protocol.opened()
    assert isinstance(begin, Begin)
    errors = [error_of([one]) for one in told]
    assert [one["code"] for one in errors] == ["INVALID_OPTION"] * len(errors)
    return begin, [one["details"] for one in errors]
