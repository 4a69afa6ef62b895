"""Client secrets: an application makes one for a page, which then calls without the real key.

A secret is a token that an edge signs and any edge verifies. It has the caller, with the agent and
the variables of the caller's own token, its expiry and the session's configuration. Nothing is
stored.
"""

import hashlib
import time
from typing import Any

import jwt

from edge.door.callers.auth import DEMO_TENANT, Caller, TokenRefusedError, agent_claims
from edge.protocols.realtime.client_secret import KEY_PREFIX, SESSION_CLAIM
from runtime.settings import Settings
from schemas.subjects import is_token

ALGORITHM = "HS256"
PURPOSE = "aura realtime client secrets:"
LEAST_LIFETIME_S, USUAL_LIFETIME_S, MOST_LIFETIME_S = 10, 600, 7200


class ClientSecrets:
    """Signs client secrets and verifies them, by keys that all edges derive from settings."""

    def __init__(self, settings: Settings) -> None:
        secret = settings.jwt_secret.get_secret_value()
        demo = settings.demo_token.get_secret_value() if settings.debug else ""
        self._key = _derived(secret)
        self._demo_key = _derived(demo)
        """A key that is not secret, for callers of the demo only."""

    def can_sign(self, caller: Caller) -> bool:
        """Return whether there is a key for secrets of *caller*."""
        return self._key_of(caller.tenant) is not None

    def _key_of(self, tenant: str) -> bytes | None:
        return self._demo_key if tenant == DEMO_TENANT else self._key

    def sign(self, caller: Caller, session: dict[str, Any], expires_s: int) -> str:
        """Return a secret for *caller*'s client, valid until *expires_s*, Unix time.

        Raises:
            ValueError: there is no key, see `can_sign`.
        """
        key = self._key_of(caller.tenant)
        if key is None:
            raise ValueError("no key signs client secrets")
        claims = {
            "sub": caller.user,
            "tenant": caller.tenant,
            "exp": expires_s,
            "iat": int(time.time()),
            "agent": f"{caller.agent}@{caller.revision}" if caller.revision else caller.agent,
            "variables": dict(caller.variables),
            SESSION_CLAIM: session,
        }
        return KEY_PREFIX + jwt.encode(claims, key, algorithm=ALGORITHM)

    def identify(self, secret: str) -> Caller | None:
        """Return the caller of *secret*, or None if it is invalid or expired.

        Its expiry does not end a running session.
        """
        token = secret.removeprefix(KEY_PREFIX)
        for key, is_demo in ((self._key, False), (self._demo_key, True)):
            if key is None:
                continue
            try:
                claims = jwt.decode(
                    token, key, algorithms=[ALGORITHM], options={"require": ["exp", "sub"]}
                )
                agent, revision, variables = agent_claims(claims)
            except (jwt.PyJWTError, ValueError, TypeError, TokenRefusedError):
                continue
            user, tenant = claims["sub"], claims.get("tenant", "")
            # who has the demo's token can sign any name
            if (tenant == DEMO_TENANT) == is_demo and is_token(user):
                return Caller(user, tenant, agent=agent, revision=revision, variables=variables)
        return None


def _derived(secret: str) -> bytes | None:
    """Return a key for this purpose alone; None without a *secret*."""
    return hashlib.sha256(f"{PURPOSE}{secret}".encode()).digest() if secret else None
