"""Names of users and tenants in the form of subjects and events, and the search by either form.

A name that may stand in a subject is kept. Any other becomes its fingerprint, and so does every
name that could be taken for one that Aura itself gives: nobody can choose to meet another.
"""

from __future__ import annotations

import hashlib
import re

from schemas.subjects import is_token

_OURS = re.compile(r"x[0-9a-f]{24}|conn_\d+|demo(-.*)?|anonymous", re.IGNORECASE)
"""A fingerprint, a caller without a token, a caller of the demo."""


def stored(name: str) -> str:
    """Return *name*, of a token, as events and subjects have it."""
    if is_token(name) and not _OURS.fullmatch(name):
        return name
    return f"x{hashlib.sha256(name.encode(errors='surrogatepass')).hexdigest()[:24]}"


def forms(name: str) -> frozenset[str]:
    """Return all forms in which somebody of *name* may be stored.

    It is the name in a token, or the form that a list of sessions shows.
    """
    return frozenset({name, stored(name)})
