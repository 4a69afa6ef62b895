"""The running calls of all edges: lists them, and sends a command to one of them."""

from contextlib import suppress

from nats.errors import Error as NatsError
from nats.errors import NoRespondersError

from runtime.bus.connection import Bus
from runtime.bus.errors import BusAwayError, BusError
from runtime.bus.silence import AWAY, answers_of_all
from schemas import codec, subjects
from schemas.control import (
    CallPlaced,
    CallPlacing,
    CallReply,
    CallRequest,
    CallsReply,
    CallsRequest,
    CallState,
)

COMMAND_TIMEOUT_S = 5.0
"""The time within which the edge that holds a call must answer."""
PLACING_TIMEOUT_S = 75.0
"""The time within which a placed call must be answered; a telephone rings for a minute at most."""
GATHER_S = 0.3
"""The time within which edges list their calls."""


class NoSuchCallError(BusError):
    """No edge holds the call, or the controller may not see it."""


class CallSilentError(BusError):
    """The edge that held the call does not answer; the command may have been done."""


async def ask(bus: Bus, session: str, request: CallRequest) -> CallReply:
    """Return the answer to *request* from the edge that holds *session*.

    Raises:
        NoSuchCallError: no edge holds the call, or the controller may not see it.
        CallSilentError: the edge died or hangs; the same command may be sent again.
        BusAwayError: the bus does not answer.
    """
    if not bus.connected:
        raise BusAwayError(AWAY)
    try:
        answer = await bus.nats_client.request(
            subjects.call(session), codec.encode(request), timeout=COMMAND_TIMEOUT_S
        )
        reply = codec.decode_as(CallReply, answer.data)
    except NoRespondersError:
        raise NoSuchCallError("no edge holds this call") from None
    except (NatsError, TimeoutError, codec.BadMessageError) as error:
        raise CallSilentError(
            "the edge that holds the call does not answer: whether the command was done is not "
            "known; sent again with the same id it is done once at most"
        ) from error
    if reply.fault == "unknown_call":
        raise NoSuchCallError("no edge holds this call")
    return reply


async def place(bus: Bus, request: CallPlacing) -> CallPlaced:
    """Place a telephone call and return its outcome, once it was answered or failed.

    Raises:
        NoSuchCallError: no telephony process runs.
        CallSilentError: the telephony process does not answer.
        BusAwayError: the bus does not answer.
    """
    if not bus.connected:
        raise BusAwayError(AWAY)
    try:
        answer = await bus.nats_client.request(
            subjects.DIAL, codec.encode(request), timeout=PLACING_TIMEOUT_S
        )
        return codec.decode_as(CallPlaced, answer.data)
    except NoRespondersError:
        raise NoSuchCallError("no telephony process runs: start `aura sip`") from None
    except (NatsError, TimeoutError, codec.BadMessageError) as error:
        raise CallSilentError("the telephony process does not answer") from error


async def running(bus: Bus, tenant: str, *, silence_s: float | None = None) -> list[CallState]:
    """Return the running calls of *tenant*, or of all tenants if it is empty.

    Edges have GATHER_S to answer, or until *silence_s* passes without a further answer.

    Raises:
        BusAwayError: the bus does not answer.
    """
    found: dict[str, CallState] = {}
    request = codec.encode(CallsRequest(tenant=tenant))
    for answer in await answers_of_all(bus, subjects.CALLS, request, GATHER_S, silence_s):
        with suppress(codec.BadMessageError):
            reply = codec.decode_as(CallsReply, answer)
            found.update((call.session, call) for call in reply.calls)
    return sorted(found.values(), key=lambda call: (call.since_ms, call.session))
