"""The log of a session of an Aura: its events, and whether it is over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from runtime.bus.connection import connect
from runtime.sessions.finding import decoded
from runtime.settings import load
from schemas import events as ev
from tests.aura_process import AuraProcess

PATIENCE_S = 40.0


async def log_of(
    aura: AuraProcess, session: str, there: Callable[[list[ev.AnyEvent]], object] = bool
) -> list[ev.AnyEvent]:
    """Return the stored events of *session*, once *there* is true of them."""
    async with (
        await connect(load(data_dir=aura.data, _env_file=None), "test") as bus,
        asyncio.timeout(PATIENCE_S),
    ):
        while not there(events := decoded(await bus.session_events(session))):
            await asyncio.sleep(0.05)
    return events


def end_of(events: Iterable[ev.AnyEvent]) -> ev.SessionEnded | None:
    """Return the end of the session.

    It need not be the last event: a worker may still publish the result of a job that it had.
    """
    return next((one for one in events if isinstance(one, ev.SessionEnded)), None)
