"""Whether the bus answers: asked twice a second, so that silence is noticed before it hurts.

A link that went half-open looks well: writes succeed until buffers are full. nats-py pings, too,
but closes such a link kindly, which waits for the buffers to empty: for ever. Here it is aborted.

nats-py's reader dies of the answer to a ping that was given up. So a ping is given up only with its
link: when that is lost or closed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Self

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
UNLIMITED_S = 1 << 30
"""nats-py wants a limit for a ping; ours ends with its link."""


class LinkLiveness:
    """The answers of the bus on one connection, watched for as long as the block is open."""

    def __init__(self, nc: Client) -> None:
        self.away = False
        """Nothing was heard from the bus for 2 s, or there is no connection since."""
        self.changed: list[Callable[[bool], None]] = []
        """Called with `away` whenever it changes, on the loop."""
        self._nc = nc
        self._beating: asyncio.Task[None] | None = None
        self._pings: set[asyncio.Task[bool]] = set()
        """On the link there is now; cancelled with it."""
        self._asked = False
        """The last beat's ping was not answered yet."""
        self._missed = 0

    async def __aenter__(self) -> Self:
        self._beating = asyncio.create_task(self._beat())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop; to be left once the link is closed."""
        self.lost()
        if (beating := self._beating) is not None:
            beating.cancel()
            await asyncio.wait({beating, *self._pings})
            if not beating.cancelled():  # a listener of ours failed, and it has stopped
                beating.result()

    def lost(self) -> None:
        """Give up what the old link was asked: it will not answer."""
        for ping in self._pings:
            ping.cancel()
        self._asked = False

    def reconnected(self) -> None:
        self._asked, self._missed = False, 0

    async def flushed(self, within_s: float) -> bool:
        """Tell whether the server has all that was sent until now, waiting for *within_s*."""
        ping = self._ping()
        await asyncio.wait({ping}, timeout=within_s)
        return ping.done() and not ping.cancelled() and ping.result()

    def _ping(self) -> asyncio.Task[bool]:
        ping = asyncio.create_task(_answered(self._nc))
        self._pings.add(ping)
        ping.add_done_callback(self._pings.discard)
        return ping

    async def _beat(self) -> None:
        while True:
            if self._nc.is_connected and not self._asked:
                self._asked = True
                self._ping().add_done_callback(self._on_answer)
            await asyncio.sleep(BEAT_S)
            answered = self._nc.is_connected and not self._asked
            self._missed = 0 if answered else self._missed + 1
            self._tell(away=self._missed >= AWAY_BEATS)
            if self._missed >= STALE_BEATS and self._nc.is_connected:
                log.warning("bus_link_is_dead")
                self._missed = AWAY_BEATS
                _abort(self._nc)

    def _on_answer(self, ping: asyncio.Task[bool]) -> None:
        if not ping.cancelled() and ping.result():
            self._asked = False
            self._tell(away=False)

    def _tell(self, *, away: bool) -> None:
        if away == self.away:
            return
        self.away = away
        log.warning("bus_away") if away else log.info("bus_back")
        for call in list(self.changed):
            call(away)


async def _answered(nc: Client) -> bool:
    """Return True once the server has answered a ping, False where the link has gone."""
    try:
        await nc.flush(timeout=UNLIMITED_S)
    except (NatsError, OSError):
        return False
    return True


def _abort(nc: Client) -> None:
    """Drop the link with all that waits on it; nats-py then connects anew."""
    writer = getattr(nc._transport, "_io_writer", None)  # it offers no way to abort
    if writer is not None:
        writer.transport.abort()
