"""Answers requests on the bus for the calls of this edge."""

import asyncio
from collections.abc import Callable

from runtime.bus.connection import Bus
from runtime.bus.delivery import Delivery, message_of
from schemas import subjects
from schemas.control import CallsReply, CallsRequest, CallState

MOST_CALLS_PER_REPLY = 500
"""The most calls in one reply, which must fit a message of the bus."""


class CallList:
    """Answers requests to all edges for their calls."""

    def __init__(self, bus: Bus, edge: str, calls: Callable[[], list[CallState]]) -> None:
        self._bus = bus
        self._edge = edge
        self._calls = calls

    async def serve(self) -> None:
        """Answer until cancelled."""
        async with self._bus.listening(subjects.CALLS, self._on_request):
            await asyncio.Event().wait()

    async def _on_request(self, message: Delivery) -> None:
        if (request := message_of(CallsRequest, message.data)) is None:
            return
        calls = [call for call in self._calls() if request.tenant in {"", call.tenant}]
        for at in range(
            0, max(1, len(calls)), MOST_CALLS_PER_REPLY
        ):  # also without calls, so that the requester does not wait
            reply = CallsReply(edge=self._edge, calls=tuple(calls[at : at + MOST_CALLS_PER_REPLY]))
            await self._bus.send(message.reply, reply)
