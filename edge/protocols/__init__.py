"""The client protocols, pure: one file each; the call behind them knows none of them."""

from __future__ import annotations

from collections.abc import Mapping

from edge.protocols.client_protocol import ClientProtocol
from edge.protocols.continuous import ContinuousProtocol
from edge.protocols.conversational import ConversationalProtocol

PROTOCOLS: Mapping[str, type[ClientProtocol]] = {
    "/ws": ConversationalProtocol,
    "/ws/voice/continuous": ContinuousProtocol,
}
"""By the path of the WebSocket."""
