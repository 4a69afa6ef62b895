"""Decides by the log whether a caller may resume a session, and returns its history."""

import hashlib
from collections.abc import Sequence

from edge.core.session.history import History, fold
from edge.door.callers.auth import DEMO_TENANT
from runtime.sessions.listing import FORSAKEN_MS
from schemas.events import AnyEvent, SessionEnded, SessionStarted

RESUME_WINDOW_MS = 60_000
"""The time, ms, in which a caller may resume after the connection ended."""


def hash_of(key: str) -> str:
    """Return the hash of a resume *key* in the log; empty: there is no key."""
    return hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest() if key else ""


def resumable(
    events: Sequence[AnyEvent], *, tenant: str, user: str, key: str = "", now_ms: int
) -> History | None:
    """Return the history of a session if its caller may resume it, else None.

    *events* are the session's, oldest first. *key* is the client's resume key, which is required if
    the session has one. Without a key the session's id is enough for demo callers.
    """
    started = next((event for event in events if isinstance(event, SessionStarted)), None)
    if started is None or started.tenant != tenant:
        return None
    if started.user != user and tenant != DEMO_TENANT:
        return None
    if started.resume_hash and started.resume_hash != hash_of(key):
        return None
    history = fold(events)
    if ended := history.spend.connections.ended:
        is_over = hung_up(history) or now_ms - ended.at_ms > RESUME_WINDOW_MS
    else:
        is_over = now_ms - events[-1].at_ms > FORSAKEN_MS
    return None if is_over else history


def hung_up(history: History) -> SessionEnded | None:
    """Return the end of a session that was hung up, which nobody resumes; None: it was not."""
    ended = history.spend.connections.ended
    return ended if ended and ended.reason == "end_call" else None
