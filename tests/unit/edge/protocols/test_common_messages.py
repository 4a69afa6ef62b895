"""Both of Aura's own protocols tell interruptions and tool calls with the same messages."""

from __future__ import annotations

import msgspec
import pytest

from edge.core.messages.client_events import (
    ClientEvent,
    ClientToolCalled,
    ClientToolCancelled,
    Interrupted,
    SessionClosed,
)
from edge.protocols.common_messages import common_message


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (
            ClientToolCalled("c1", "weather", '{"city": "Ulm"}'),
            '{"type":"tool_call","call_id":"c1","name":"weather","arguments":{"city":"Ulm"}}',
        ),
        (ClientToolCancelled("c1"), '{"type":"tool_cancelled","call_id":"c1"}'),
        (
            Interrupted(1, "It is", 400),
            '{"type":"ai_interrupted","message":"AI stopped speaking due to user interruption",'
            '"heard":"It is"}',
        ),
    ],
)
def test_a_message_is_sent_in_these_bytes(event: ClientEvent, text: str) -> None:
    message = common_message(event)
    assert message is not None
    assert msgspec.json.encode(message.as_json()).decode() == text


def test_another_event_has_no_common_message() -> None:
    assert common_message(SessionClosed()) is None
