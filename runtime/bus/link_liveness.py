"""Watches the link to the bus by a ping twice a second, to find a dead link before callers do.

On a half-open link, writes succeed until the buffers are full. nats-py pings too, but it closes a
link only once its buffers are empty, which never happens here. So this module aborts the link.

nats-py's reader fails on a pong whose ping was cancelled. So a ping is only cancelled with its
link.
"""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Self

import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError

from runtime.bus.beats import Beats
from runtime.bus.callbacks import call_each
from runtime.tasks import scoped_task

log = structlog.get_logger(__name__)

BEAT_S = 0.5
UNLIMITED_S = 1 << 30
"""The time limit of a ping, which nats-py demands; it is never reached."""


class LinkLiveness:
    """The answers of the bus on one connection, watched while the block is open."""

    def __init__(self, nc: Client) -> None:
        self.away = False
        """The bus has not answered for 2 s, or has no connection for as long."""
        self.changed: list[Callable[[bool], None]] = []
        """Called with `away` whenever it changes, on the loop."""
        self._nc = nc
        self._beats = Beats()
        self._open = AsyncExitStack()
        self._pings: set[asyncio.Task[bool]] = set()
        """The pings of the current link, cancelled with it."""

    async def __aenter__(self) -> Self:
        # the block may be left in another task, so it cannot be a TaskGroup
        self._open.push_async_callback(self._end_pings)
        await self._open.enter_async_context(scoped_task(self._beat()))
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop; the link is closed."""
        await self._open.aclose()

    async def _end_pings(self) -> None:
        self.lost()
        if self._pings:
            await asyncio.wait(self._pings)

    def lost(self) -> None:
        """Cancel the pings of the old link, which will never be answered."""
        for ping in self._pings:
            ping.cancel()
        self._beats.ping_over()

    def reconnected(self) -> None:
        self._beats.reconnected()

    async def flushed(self, within_s: float) -> bool:
        """Tell whether the server has received all messages, waiting for *within_s*."""
        ping = self._ping()
        await asyncio.wait({ping}, timeout=within_s)
        return ping.done() and not ping.cancelled() and ping.result()

    def _ping(self) -> asyncio.Task[bool]:
        ping = asyncio.create_task(_answered(self._nc))  # only `lost` may cancel it: see above
        self._pings.add(ping)
        ping.add_done_callback(self._ping_over)
        return ping

    def _ping_over(self, ping: asyncio.Task[bool]) -> None:
        self._pings.discard(ping)
        if not ping.cancelled() and (fault := ping.exception()):
            log.error("bus_ping_broken", exc_info=fault)

    async def _beat(self) -> None:
        while True:
            if self._beats.may_ping(connected=self._nc.is_connected):
                self._beats.note_ping()
                self._ping().add_done_callback(self._on_answer)
            await asyncio.sleep(BEAT_S)
            is_stale = self._beats.passed(connected=self._nc.is_connected)
            self._tell(away=self._beats.away)
            if is_stale:
                log.warning("bus_link_is_dead")
                _abort(self._nc)

    def _on_answer(self, ping: asyncio.Task[bool]) -> None:
        if not ping.cancelled() and not ping.exception() and ping.result():
            self._beats.ping_over()
            self._tell(away=False)

    def _tell(self, *, away: bool) -> None:
        if away == self.away:
            return
        self.away = away
        log.warning("bus_away") if away else log.info("bus_back")
        call_each(self.changed, away)


async def _answered(nc: Client) -> bool:
    """Return True once the server has answered a ping, or False if the link was lost."""
    try:
        await nc.flush(timeout=UNLIMITED_S)
    except (NatsError, OSError):
        return False
    return True


def _abort(nc: Client) -> None:
    """Abort the link, with all data that wait on it; nats-py then reconnects."""
    writer = getattr(nc._transport, "_io_writer", None)  # nats-py has no public way to abort
    if writer is not None:
        writer.transport.abort()
