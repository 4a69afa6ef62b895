"""Names of users and tenants: their stored form, and all forms for a search.

A name that is valid in a subject is kept. Any other name is replaced by its fingerprint. So is a
name that looks like one of Aura's own, so that no caller can pass for another.
"""

import hashlib
import re

from schemas.subjects import is_token

_OURS = re.compile(
    r"x[0-9a-f]{24}|conn_\d+|demo(-.*)?|anonymous|sip-.*|CA[0-9a-f]{32}", re.IGNORECASE
)
"""Aura's own names: a fingerprint, a caller without a token, a caller of the demo, a SIP call, a
call of Twilio."""


def stored(name: str) -> str:
    """Return *name*, from a token, in the form of events and subjects."""
    if is_token(name) and not _OURS.fullmatch(name):
        return name
    return f"x{_fingerprint(name)}"


def of_sip(call_id: str) -> str:
    """Return the user of a SIP call; the telephone chooses its Call-ID, so no token may mean it."""
    return f"sip-{_fingerprint(call_id)}"


def of_twilio(call_sid: str) -> str:
    """Return the user of a call of Twilio, whose signature vouches for its CallSid."""
    return call_sid if is_token(call_sid) else stored(call_sid)


def _fingerprint(name: str) -> str:
    return hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:24]


def forms(name: str) -> frozenset[str]:
    """Return all forms in which *name* may be stored.

    *name* is in the form of a token, a SIP Call-ID, or in the form that a list of sessions shows.
    """
    return frozenset({name, stored(name), of_sip(name)})
