"""The decision whether a caller may resume a session, and its history, from the log alone."""

import hashlib
from collections.abc import Sequence

from edge.core.session.history import History, fold
from edge.door.callers.auth import DEMO_TENANT
from schemas.events import AnyEvent, SessionEnded, SessionStarted

GRACE_MS = 60_000
"""After a caller left, or was cut off."""
FORSAKEN_MS = 600_000
"""After the last event of a session whose edge died without a word: nobody noted when."""


def hash_of(key: str) -> str:
    """Return what the log has of the *key* of a session; empty: it has none."""
    return hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest() if key else ""


def resumable(
    events: Sequence[AnyEvent], *, tenant: str, user: str, key: str = "", now_ms: int
) -> History | None:
    """Return the history of a session for its own caller to go on with, or None.

    *events* are the session's, oldest first. *key* is the one that its client shows: where the
    session was given one, no other goes on with it. Demo callers have no name that lasts: where
    none was given, the session's id, which only they were told, is enough for them.
    """
    started = next((one for one in events if isinstance(one, SessionStarted)), None)
    if started is None or started.tenant != tenant:
        return None
    if started.user != user and tenant != DEMO_TENANT:
        return None
    if started.resume_hash and started.resume_hash != hash_of(key):
        return None
    last = events[-1]
    if isinstance(last, SessionEnded):
        if last.reason == "end_call" or now_ms - last.at_ms > GRACE_MS:
            return None
    elif now_ms - last.at_ms > FORSAKEN_MS:
        return None
    return fold(events)
