"""The messages that both of Aura's own WebSocket protocols have alike."""

import json

from edge.core.messages.client_events import (
    ClientEvent,
    ClientToolCalled,
    ClientToolCancelled,
    Interrupted,
)
from schemas.client_messages import AiInterrupted, ClientMessage, ToolCallMessage, ToolCancelled


def common_message(event: ClientEvent) -> ClientMessage | None:
    """Return the message for *event*, or None if the protocols have no common one."""
    match event:
        case Interrupted(heard=heard):
            message = "AI stopped speaking due to user interruption"
            return AiInterrupted(message=message, heard=heard)
        case ClientToolCalled(call=call, name=name, arguments=arguments):
            return ToolCallMessage(call_id=call, name=name, arguments=json.loads(arguments))
        case ClientToolCancelled(call=call):
            return ToolCancelled(call_id=call)
        case _:
            return None
