"""Lists the recorded sessions; for a finished session only the last event is read."""

import asyncio
import time

import msgspec

from runtime.bus.connection import Bus
from runtime.bus.reader import Stored
from runtime.sessions import log
from runtime.sessions.listing import ListedSession, SessionFilter, folded, summed_up
from schemas import subjects
from schemas.events import AnyEvent, SessionEnded

READ_AT_ONCE = 32
"""The number of unfinished sessions that are read in parallel."""
_DECODER = msgspec.msgpack.Decoder(AnyEvent)
"""A decoder ten times as fast as the codec, whose error messages are not needed here."""


async def sessions(bus: Bus, wanted: SessionFilter) -> list[ListedSession]:
    """Return the sessions that match *wanted*, newest first.

    The last event of a finished session sums it up. A session that still goes on, or whose edge
    died, has no such event, so all its events are read.

    Raises:
        BusAwayError: the server does not answer.
    """
    names: list[str] = []
    for pattern in wanted.tenants:
        life = subjects.session_events(pattern, "*", SessionEnded.KIND)
        names += await log.count(bus, subjects.EVENTS_STREAM, life)
    rows: list[ListedSession] = []
    to_read: list[tuple[str, str]] = []
    for stored in await bus.newest(names):
        _, _, tenant, session, _ = stored.subject.split(".")
        row = next(map(summed_up, decoded([stored])), None)
        if row is None:
            to_read.append((tenant, session))
        else:
            rows.append(row)
    for k in range(0, len(to_read), READ_AT_ONCE):
        # `gather`, since a task group would raise a group in place of BusAwayError
        read = await asyncio.gather(*(_row(bus, *own) for own in to_read[k : k + READ_AT_ONCE]))
        rows += [row for row in read if row is not None]
    chosen = [row for row in rows if wanted.wants(row)]
    return sorted(chosen, key=lambda row: row.started_at_ms, reverse=True)


async def _row(bus: Bus, tenant: str, session: str) -> ListedSession | None:
    subject = subjects.session_events(tenant, session)
    events = decoded(await bus.read(subjects.EVENTS_STREAM, subject))
    return folded(events, round(time.time() * 1000))


def decoded(stored: list[Stored]) -> list[AnyEvent]:
    """Return the events in *stored*, without types that only a newer Aura knows."""
    events: list[AnyEvent] = []
    for message in stored:
        try:
            events.append(_DECODER.decode(message.data))
        except ValueError:  # msgspec: not an event that this version knows
            continue
    return events
