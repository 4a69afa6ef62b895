"""Whether the turn of a job is still wanted: the edge cancels the response to one it gives up."""

from __future__ import annotations

import asyncio

from runtime.bus.connection import Bus
from runtime.bus.delivery import Delivery
from runtime.bus.reader import Stored
from schemas import subjects
from schemas.events import (
    AnyEvent,
    Event,
    ResponseCancelled,
    ResponseCompleted,
    ResponseSentence,
)

CANCELLED = ResponseCancelled.__struct_config__.tag


def is_cancelled(turn: int, said: AnyEvent) -> bool:
    """Tell whether *said* gives *turn* up, or a later one."""
    return isinstance(said, ResponseCancelled) and said.turn >= turn


def is_over(turn: int, newest: AnyEvent) -> bool:
    """Tell whether a session whose *newest* word of a response is this is done with *turn*."""
    match newest:
        case ResponseSentence(turn=said) | ResponseCompleted(turn=said):
            return said > turn
        case _:
            return is_cancelled(turn, newest)


class TurnWatch:
    """Over *turn* of the job that is event *job*, sequence *seq* of the log.

    What is older than the job does not count: an operator may drive a job again that the edge had
    given up.
    """

    def __init__(self, bus: Bus, job: Event, turn: int, seq: int) -> None:
        self.newest: asyncio.Future[Stored | None] = asyncio.Future()
        """Of the responses in the job's session, as of a moment after `run` has begun."""
        self._bus = bus
        self._whose = (job.tenant, job.session, "say")
        self._turn = turn
        self._seq = seq
        self._ended = asyncio.Event()

    async def run(self, *, after_s: float) -> None:
        """Return when the turn is given up, or was, or at `end`; look for that *after_s*.

        Raises:
            BusAwayError: no answer.
        """
        await asyncio.sleep(after_s)
        async with self._bus.listening(subjects.live(*self._whose), self._on_say):
            newest = await self._bus.last(subjects.session_events(*self._whose))
            if not self.newest.done():
                self.newest.set_result(newest)
            news = newest.event() if newest and newest.seq > self._seq else None
            if news is None or not is_over(self._turn, news):
                await self._ended.wait()

    def end(self) -> None:
        """Let `run` return: a mere cancellation may be lost in it (`wait_for` of Python 3.11)."""
        self._ended.set()

    async def _on_say(self, said: Delivery) -> None:
        if said.type == CANCELLED and is_cancelled(self._turn, said.event()):
            self._ended.set()
