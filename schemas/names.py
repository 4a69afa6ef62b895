"""Names of users and tenants: their stored form, and all forms for a search.

A name that is valid in a subject is kept. Any other name is replaced by its fingerprint. So is a
name that looks like one of Aura's own, so that no caller can pass for another.
"""

import hashlib
import re

from schemas.subjects import is_token

_OURS = re.compile(r"x[0-9a-f]{24}|conn_\d+|demo(-.*)?|anonymous", re.IGNORECASE)
"""Aura's own names: a fingerprint, a caller without a token, a caller of the demo."""


def stored(name: str) -> str:
    """Return *name*, from a token, in the form of events and subjects."""
    if is_token(name) and not _OURS.fullmatch(name):
        return name
    return f"x{hashlib.sha256(name.encode(errors='surrogatepass')).hexdigest()[:24]}"


def forms(name: str) -> frozenset[str]:
    """Return all forms in which *name* may be stored.

    *name* is in the form of a token, or in the form that a list of sessions shows.
    """
    return frozenset({name, stored(name)})
