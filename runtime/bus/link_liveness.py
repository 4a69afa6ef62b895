"""Whether the bus answers: asked twice a second, so that silence is noticed before it hurts.

A link that went half-open looks well: writes succeed until buffers are full. nats-py pings, too,
but closes such a link kindly, which waits for the buffers to empty: for ever. Here it is aborted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError

log = structlog.get_logger(__name__)

BEAT_S = 0.5
AWAY_BEATS = 4
"""After 2 s without an answer the bus is away. Counted in beats of ours: a loop that was paused for
long has missed one beat, not many."""
STALE_BEATS = 10
"""After 5 s a link that is still called connected is given up, and another one made."""
PONG_WAIT_S = 10
"""Longer than a link lives without an answer: nats-py must not give up a ping on a link that is
still in use (the pong that comes after all would end its reader)."""


class Pulse:
    """The bus's answers on one connection."""

    def __init__(self, nc: Client) -> None:
        self.away = False
        """Nothing was heard from the bus for 2 s, or there is no connection since."""
        self.changed: list[Callable[[bool], None]] = []
        """Called with `away` whenever it changes, on the loop."""
        self._nc = nc
        self._asked: asyncio.Task[None] | None = None
        self._missed = 0
        self._task = asyncio.create_task(self._beat())

    def stop(self) -> None:
        self._task.cancel()
        self.reconnected()

    def reconnected(self) -> None:
        """Forget what the old link was asked: it will not answer."""
        if self._asked:
            self._asked.cancel()
        self._asked, self._missed = None, 0

    async def _beat(self) -> None:
        while True:
            if self._nc.is_connected and self._asked is None:
                self._asked = asyncio.create_task(self._ask())
            await asyncio.sleep(BEAT_S)
            answered = self._nc.is_connected and self._asked is None
            self._missed = 0 if answered else self._missed + 1
            self._tell(away=self._missed >= AWAY_BEATS)
            if self._missed >= STALE_BEATS and self._nc.is_connected:
                log.warning("bus_link_is_dead")
                self._missed = AWAY_BEATS
                _abort(self._nc)

    async def _ask(self) -> None:
        try:
            await self._nc.flush(timeout=PONG_WAIT_S)
        except (NatsError, OSError):
            return  # the link has gone, and `reconnected` asks on the next one
        self._asked = None
        self._tell(away=False)

    def _tell(self, *, away: bool) -> None:
        if away == self.away:
            return
        self.away = away
        log.warning("bus_away") if away else log.info("bus_back")
        for call in list(self.changed):
            call(away)


def _abort(nc: Client) -> None:
    """Drop the link with all that waits on it; nats-py then connects anew."""
    writer = getattr(nc._transport, "_io_writer", None)  # it offers no way to abort
    if writer is not None:
        writer.transport.abort()
