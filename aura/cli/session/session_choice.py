"""Finds the recorded session for a command: by its id, the beginning of the id, or the newest."""

from aura.cli.running import CommandError
from runtime.bus.connection import Bus
from runtime.sessions import log
from runtime.sessions.finding import sessions
from runtime.sessions.listing import SessionFilter
from schemas import subjects
from schemas.events import SessionStarted

NEWEST = ""
"""The name of the newest call."""
MOST_SHOWN_SESSIONS = 5


async def chosen(bus: Bus, name: str) -> str:
    """Return the id of the session that *name* names.

    Raises:
        CommandError: no session, or more than one, begins with it.
        BusAwayError: the server does not answer.
    """
    if name == NEWEST:
        rows = await sessions(bus, SessionFilter(calls_only=True))
        if not rows:
            raise CommandError("no session is recorded yet. Make one: aura call QUESTION.wav")
        return rows[0].session
    all_begun = subjects.session_events("*", "*", SessionStarted.KIND)
    life = await log.count(bus, subjects.EVENTS_STREAM, all_begun)
    ids = {subject.split(".")[3] for subject in life}
    fitting = sorted(session for session in ids if session.startswith((name, f"s_{name}")))
    if name in ids or not fitting:
        return name
    if len(fitting) > 1:
        more = " ..." if len(fitting) > MOST_SHOWN_SESSIONS else ""
        shown = ", ".join(fitting[:MOST_SHOWN_SESSIONS]) + more
        raise CommandError(f"{len(fitting)} sessions begin with {name}: {shown}")
    return fitting[0]
