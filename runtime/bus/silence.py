"""The answers of all who were asked: their number is not known, so a silence ends the wait."""

import asyncio
from contextlib import suppress
from typing import Final

from nats.errors import Error as NatsError

from runtime.bus.connection import Bus
from runtime.bus.delivery import Delivery
from runtime.bus.errors import BusAwayError

SILENCE_S: Final = 0.12
"""Time without a further answer after which somebody at a terminal has them all."""
AWAY = "the event bus is away"


async def answers_of_all(
    bus: Bus, subject: str, request: bytes, wait_s: float, silence_s: float | None
) -> list[bytes]:
    """Return the answers of all who listen on *subject*; the times are those of `until_silent`.

    Raises:
        BusAwayError: the bus is away, so that answers may be missing.
    """
    found: list[bytes] = []
    came = asyncio.Event()

    async def on_answer(answer: Delivery) -> None:
        found.append(answer.data)
        came.set()

    _require(bus)
    inbox = bus.nats_client.new_inbox()
    try:
        async with bus.listening(inbox, on_answer):
            await bus.nats_client.publish(subject, request, reply=inbox)
            await until_silent(came, wait_s, silence_s)
    except NatsError as error:
        raise BusAwayError(AWAY) from error
    _require(bus)
    return found


def _require(bus: Bus) -> None:
    if not bus.connected or bus.liveness.away:
        raise BusAwayError(AWAY)


async def until_silent(came: asyncio.Event, wait_s: float, silence_s: float | None) -> None:
    """Wait for *wait_s*, or until no answer has come for *silence_s* after the first.

    With *silence_s* None, wait the whole *wait_s*. *came* is set by each answer.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(wait_s):
            await came.wait()
            while came.is_set():
                came.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(silence_s):
                        await came.wait()
