"""Whether a session is over, by its events."""

from __future__ import annotations

from collections.abc import Iterable

from schemas import events as ev


def end_of(events: Iterable[ev.AnyEvent]) -> ev.SessionEnded | None:
    """Return the end of the session.

    It need not be the last event: a worker may still publish the result of a job that it had.
    """
    return next((one for one in events if isinstance(one, ev.SessionEnded)), None)
