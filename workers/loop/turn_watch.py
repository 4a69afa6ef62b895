"""Watches whether the edge cancels the turn of a job."""

import asyncio

from runtime.bus.connection import Bus
from runtime.bus.delivery import Delivery
from runtime.bus.reader import Stored
from schemas import subjects
from schemas.events import Event, ResponseCancelled, tag
from workers.loop.turn_rules import is_cancelled, is_over

CANCELLED = tag(ResponseCancelled)


class TurnWatch:
    """Watches *turn* of the event *job*, which is sequence *seq* of the log.

    Older events do not count: an operator may retry a job that the edge had cancelled.
    """

    def __init__(self, bus: Bus, job: Event, turn: int, seq: int) -> None:
        self.newest: asyncio.Future[Stored | None] = asyncio.Future()
        """The newest response event of the session, soon after `run` began."""
        self._bus = bus
        self._subject_of = (job.tenant, job.session, ResponseCancelled.KIND)
        self._turn = turn
        self._seq = seq
        self._ended = asyncio.Event()

    async def run(self, *, delay_s: float) -> None:
        """Wait until the turn is cancelled or `end` is called; begin after *delay_s*.

        Raises:
            BusAwayError: no server answers.
        """
        await asyncio.sleep(delay_s)
        async with self._bus.listening(subjects.live(*self._subject_of), self._on_say):
            newest = await self._bus.last(subjects.session_events(*self._subject_of))
            if not self.newest.done():
                self.newest.set_result(newest)
            news = newest.readable() if newest and newest.seq > self._seq else None
            if news is None or not is_over(self._turn, news):
                await self._ended.wait()

    def end(self) -> None:
        """Let `run` return; a task's cancellation may be lost in Python 3.11's `wait_for`."""
        self._ended.set()

    async def _on_say(self, message: Delivery) -> None:
        event = message.readable() if message.type == CANCELLED else None
        if event and is_cancelled(self._turn, event):
            self._ended.set()
