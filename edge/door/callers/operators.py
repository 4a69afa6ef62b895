"""The operators, of one tenant or of all, who may see running calls and command them."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from edge.door.callers.auth import TokenPolicy
from runtime.settings import Settings, SettingsError

LEAST_CHARS = 32
READ, WRITE, PLACE = "calls:read", "calls:write", "calls:place"
"""Scopes of a token; who may write may read. To call somebody costs money, and is a right apart."""


@dataclass(frozen=True)
class Operator:
    """Whoever asks, and what for."""

    name: str
    tenant: str
    """Empty: of all."""
    reads: bool
    writes: bool
    places: bool


@dataclass(frozen=True)
class Operators:
    """Knows operators by their tokens."""

    policy: TokenPolicy
    token: str = ""
    """Of the operator of all tenants; empty: there is none."""

    @staticmethod
    def of(settings: Settings, policy: TokenPolicy) -> Operators:
        """Return those of *settings*.

        Raises:
            SettingsError: the token can be guessed.
        """
        token = settings.operator_token.get_secret_value()
        if token and len(token) < LEAST_CHARS:
            raise SettingsError(
                f"AURA_OPERATOR_TOKEN is shorter than {LEAST_CHARS} characters: make one with "
                "`openssl rand -base64 32`"
            )
        return Operators(policy, token)

    async def identify(self, token: str) -> Operator | None:
        """Return whose *token* it is; None: nobody's. A caller's has no rights here by itself."""
        if not token:
            return None
        ours = hmac.compare_digest(_hash(token), _hash(self.token))
        if ours and self.token:
            return Operator("operator", "", reads=True, writes=True, places=True)
        caller = await self.policy.identify(token)
        if caller is None:
            return None
        writes = WRITE in caller.scopes
        return Operator(
            caller.user,
            caller.tenant,
            reads=writes or READ in caller.scopes,
            writes=writes,
            places=PLACE in caller.scopes,
        )


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()
