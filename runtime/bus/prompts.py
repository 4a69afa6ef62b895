"""What prompts are going to begin with, asked of the edges."""

from __future__ import annotations

from nats.errors import Error as NatsError

from runtime.bus.connection import Bus
from runtime.bus.errors import BusAwayError
from schemas import codec, subjects
from schemas.prompts import PromptsReply, PromptsRequest

ANSWER_S = 5.0


async def likely(bus: Bus) -> PromptsReply:
    """Return what the first edge to answer says.

    Raises:
        BusAwayError: none does.
    """
    try:
        request = codec.encode(PromptsRequest())
        answer = await bus._nc.request(subjects.PROMPTS, request, timeout=ANSWER_S)
        return codec.decode_as(PromptsReply, answer.data)
    except (NatsError, TimeoutError, codec.BadMessageError) as error:
        raise BusAwayError("no edge says what prompts begin with") from error
