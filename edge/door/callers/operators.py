"""The operators, of one tenant or of all, who may see running calls and command them."""

from __future__ import annotations

from dataclasses import dataclass

from edge.door.callers.auth import TokenPolicy, is_secret
from runtime.settings import Settings, SettingsError
from runtime.settings.callers import LEAST_TOKEN_CHARS

READ, WRITE, PLACE = "calls:read", "calls:write", "calls:place"
"""Scopes of a token: writing includes reading. Placing calls costs money, and is separate."""


@dataclass(frozen=True)
class Operator:
    """An operator, and their rights."""

    name: str
    tenant: str
    """The operator's tenant; empty: all."""
    scopes: frozenset[str]
    """The scopes of the token."""

    def may(self, scope: str) -> bool:
        """Return whether the operator has the right *scope*."""
        return scope in self.scopes or (scope == READ and WRITE in self.scopes)


@dataclass(frozen=True)
class Operators:
    """Identifies operators by their tokens."""

    policy: TokenPolicy
    token: str = ""
    """The token of the operator of all tenants; empty: there is none."""

    @staticmethod
    def of(settings: Settings, policy: TokenPolicy) -> Operators:
        """Return the operators in *settings*.

        Raises:
            SettingsError: the token is too short.
        """
        token = settings.operator_token.get_secret_value()
        if token and len(token) < LEAST_TOKEN_CHARS:
            raise SettingsError(
                f"AURA_OPERATOR_TOKEN is shorter than {LEAST_TOKEN_CHARS} characters: "
                "make one with `openssl rand -base64 32`"
            )
        return Operators(policy, token)

    async def identify(self, token: str) -> Operator | None:
        """Return the operator of *token* or None; a caller's token has no rights by itself."""
        if not token:
            return None
        if is_secret(token, self.token):
            return Operator("operator", "", frozenset({READ, WRITE, PLACE}))
        caller = await self.policy.identify(token)
        return Operator(caller.user, caller.tenant, caller.scopes) if caller else None
