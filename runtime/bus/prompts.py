"""Asks the edges for the expected beginnings of prompts."""

from nats.errors import Error as NatsError

from runtime.bus.connection import Bus
from runtime.bus.errors import BusAwayError
from schemas import codec, subjects
from schemas.prompts import PromptsReply, PromptsRequest

PROMPTS_TIMEOUT_S = 5.0


async def likely(bus: Bus) -> PromptsReply:
    """Return the answer of the first edge.

    Raises:
        BusAwayError: no edge answers.
    """
    try:
        request = codec.encode(PromptsRequest())
        answer = await bus.nats_client.request(subjects.PROMPTS, request, timeout=PROMPTS_TIMEOUT_S)
        return codec.decode_as(PromptsReply, answer.data)
    except (NatsError, TimeoutError, codec.BadMessageError) as error:
        raise BusAwayError("no edge answers with beginnings of prompts") from error
