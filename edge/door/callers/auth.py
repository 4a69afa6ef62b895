"""Identifies callers by a JWT or the demo token: a user of a tenant, or nobody.

Every token takes the same work, so that the time of a reply does not show what was wrong with it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
import structlog

from edge.door.callers import jwks
from edge.door.callers.jwks import Keys, RemoteKeys
from edge.protocols.agent_options import string_map
from runtime.settings import Settings, SettingsError
from runtime.settings.fields import listed
from schemas import names
from schemas.agent import parted

log = structlog.get_logger(__name__)

DEMO_TENANT = "demo"
LEAST_SECRET_BYTES = 32
"""The shortest secret of HS256 (RFC 7518, 3.2): a shorter one can be guessed from one token."""
_NOBODY = "0" * 32


@dataclass(frozen=True)
class Caller:
    """The caller's tenant and user; both names can be part of a subject."""

    user: str
    tenant: str
    expires_s: float | None = field(default=None, compare=False)
    """When the token ends, Unix time; None: never."""
    named: bool = field(default=True, compare=False)
    """False: a stranger."""
    agent: str = ""
    """The only agent that the token allows; empty: the token names none."""
    revision: int = 0
    """The agent's revision in the token; 0: the newest."""
    variables: Mapping[str, str] = field(default_factory=dict, compare=False)
    """The token's values of that agent's variables."""
    scopes: frozenset[str] = field(default=frozenset(), compare=False)
    """The scopes of the token (`scope`, RFC 8693, 4.2)."""


class TokenRefusedError(Exception):
    """A verified token has an invalid claim; the message names the claim, not its value."""


@dataclass(frozen=True)
class TokenPolicy:
    """The rules for valid tokens."""

    demo_token: str
    """The demo's token; empty: no demo."""
    own_keys: Keys
    remote: RemoteKeys | None = None
    issuers: tuple[str, ...] = ()
    """The required issuer; empty: any."""
    audiences: tuple[str, ...] = ()
    """The required audience; empty: tokens with one (`aud`) are refused (RFC 7519, 4.1.3)."""
    leeway_s: float = 0.0
    """The tolerance for other clocks."""

    @staticmethod
    def of(settings: Settings) -> TokenPolicy:
        """Return the policy in *settings*.

        Raises:
            SettingsError: a key is too small, or its file is unreadable or has none.
        """
        keys: list[tuple[Any, tuple[str, ...]]] = []
        if secret := settings.jwt_secret.get_secret_value():
            if len(secret.encode()) < LEAST_SECRET_BYTES:
                raise SettingsError(
                    f"AURA_JWT_SECRET is shorter than {LEAST_SECRET_BYTES} bytes, which HS256 "
                    "needs: make one with `openssl rand -base64 32`"
                )
            keys.append((secret, ("HS256",)))
        if settings.jwt_public_key:
            keys.append(_public(settings.jwt_public_key))
        remote = None
        if jwks.is_url(settings.jwt_jwks):
            remote = RemoteKeys(settings.jwt_jwks)
        elif settings.jwt_jwks:
            keys.extend(jwks.read(settings.jwt_jwks))
        return TokenPolicy(
            settings.demo_token.get_secret_value() if settings.debug else "",
            tuple(keys),
            remote,
            listed(settings.jwt_issuer),
            listed(settings.jwt_audience),
            settings.jwt_leeway_s,
        )

    @property
    def keys(self) -> Keys:
        return self.own_keys + (self.remote.keys if self.remote else ())

    async def identify(self, token: str) -> Caller | None:
        """Return the caller of *token* or None, after its key was fetched."""
        if self.remote:
            await self.remote.ready_for(token, self.own_keys)
        return identify(token, policy=self)


def is_secret(token: str, secret: str) -> bool:
    """Return whether *token* is the *secret*; False without one."""
    digests = [hashlib.sha256(text.encode(errors="surrogatepass")) for text in (token, secret)]
    return hmac.compare_digest(digests[0].digest(), digests[1].digest()) and secret != ""


def identify(token: str, *, policy: TokenPolicy) -> Caller | None:
    """Return the caller of *token* by the known keys, or None, with the reason in the log."""
    demo = is_secret(token, policy.demo_token)
    claims: dict[str, Any] | None = None
    why: Exception = TokenRefusedError("there is no key")
    for key, algorithms in policy.keys or ((_NOBODY, ("HS256",)),):
        try:
            found = _claims(token, key, algorithms, policy)
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError) as error:
            if isinstance(why, TokenRefusedError | jwt.InvalidSignatureError):
                why = error  # the error of the fitting key is the most specific
        else:
            claims = claims or found
    if demo:
        return Caller(f"demo-{secrets.token_hex(6)}", DEMO_TENANT)
    try:
        if claims is None or not policy.keys:
            raise why
        return _caller(claims)
    except Exception as error:  # noqa: BLE001  # any error refuses the token
        message = str(error) if isinstance(error, TokenRefusedError) else type(error).__name__
        log.info("token_refused", why=message)
        return None


def _claims(
    token: str, key: Any, algorithms: tuple[str, ...], policy: TokenPolicy
) -> dict[str, Any]:
    """Return the claims of *token*, signed by *key*.

    Raises:
        PyJWTError, ValueError, TypeError, OverflowError: it is invalid.
    """
    found: dict[str, Any] = jwt.decode(
        token,
        key,
        algorithms=list(algorithms),
        audience=list(policy.audiences) or None,
        issuer=list(policy.issuers) or None,
        leeway=policy.leeway_s,
        options={"require": ["exp", "sub"]},
    )
    return found


def _caller(claims: dict[str, Any]) -> Caller:
    """Return the caller in *claims*.

    Raises:
        TokenRefusedError: a claim is missing or invalid, or the tenant is the demo's.
    """
    user, tenant = claims.get("sub"), claims.get("tenant", "default")
    if not isinstance(user, str) or not isinstance(tenant, str) or not user or not tenant:
        raise TokenRefusedError("sub and tenant are texts")
    if tenant == DEMO_TENANT:
        raise TokenRefusedError(f"the tenant {DEMO_TENANT} is that of the demo token")
    agent, revision, variables = agent_claims(claims)
    expires_s = float(claims["exp"])
    scope = claims.get("scope", "")
    scopes = frozenset(scope.split()) if isinstance(scope, str) else frozenset()
    return Caller(
        names.stored(user),
        names.stored(tenant),
        expires_s,
        agent=agent,
        revision=revision,
        variables=variables,
        scopes=scopes,
    )


def agent_claims(claims: dict[str, Any]) -> tuple[str, int, Mapping[str, str]]:
    """Return the agent, its revision and its variables in *claims*.

    Raises:
        TokenRefusedError: one of them has another type.
    """
    agent, variables = claims.get("agent", ""), string_map(claims.get("variables", {}))
    if not isinstance(agent, str):
        raise TokenRefusedError("agent is a text, NAME or NAME@REV")
    if variables is None:
        raise TokenRefusedError("variables is an object whose values are texts")
    return *parted(agent), variables


def _public(path: str) -> tuple[Any, tuple[str, ...]]:
    try:
        pem = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"AURA_JWT_PUBLIC_KEY: {error.strerror}: {path}") from error
    for algorithm in ("RS256", "ES256"):
        try:
            key = jwt.get_algorithm_by_name(algorithm).prepare_key(pem)
        except (jwt.InvalidKeyError, ValueError, TypeError):
            continue
        if jwks.too_small(key):
            raise SettingsError(
                f"AURA_JWT_PUBLIC_KEY: {path} is an RSA key of fewer than "
                f"{jwks.LEAST_RSA_BITS} bits"
            )
        return key, (algorithm,)
    raise SettingsError(f"AURA_JWT_PUBLIC_KEY: {path} holds no RSA or P-256 public key in PEM")
