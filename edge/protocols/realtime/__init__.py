"""`/v1/realtime`: OpenAI's Realtime API, so that its stock clients can call."""

from edge.protocols.realtime.protocol import RealtimeProtocol

__all__ = ["RealtimeProtocol"]
