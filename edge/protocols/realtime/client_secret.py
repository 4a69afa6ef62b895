"""Reads the session object in a client secret; the secret carries it, so no edge stores it.

A secret is `ek_` and a token (JWT) that an edge signed. The door has verified it
(`edge/door/callers/client_secrets.py`) before it is read here.
"""

import json
from typing import Any

from edge.protocols.parsing import clean, from_base64

KEY_PREFIX = "ek_"
SESSION_CLAIM = "realtime_session"


def claimed_session(token: str) -> dict[str, Any]:
    """Return the session object in *token*, or {} without one."""
    if not token.startswith(KEY_PREFIX):
        return {}
    _, _, payload_and_signature = token.partition(".")
    try:
        data = from_base64(payload_and_signature.partition(".")[0])
        claims = json.loads(clean(data.decode()))
    except (ValueError, RecursionError):
        return {}
    session = claims.get(SESSION_CLAIM) if isinstance(claims, dict) else None
    return session if isinstance(session, dict) else {}
