"""Who is calling: a JWT or the demo token becomes a user of a tenant, anything else nobody.

Pure but for reading the keys once. Every token costs the same work, so an answer's time tells
nothing of what was wrong with it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt

from runtime.settings import Settings, SettingsError
from schemas.subjects import is_token

DEMO_DEFAULT = "demo_token"
DEMO_TENANT = "demo"
_NOBODY = "0" * 32


@dataclass(frozen=True)
class Caller:
    """Whose call it is; both are fit to stand in a subject."""

    user: str
    tenant: str


@dataclass(frozen=True)
class TokenPolicy:
    """Which tokens are good."""

    demo_token: str
    """Empty: no demo."""
    keys: tuple[tuple[Any, tuple[str, ...]], ...]
    """(key, algorithms it may have signed with): a key never verifies another kind's signature."""

    @staticmethod
    def of(settings: Settings) -> TokenPolicy:
        """Return the policy that *settings* name.

        Raises:
            SettingsError: a key file cannot be read or holds no key.
        """
        demo = settings.demo_token.get_secret_value()
        if not settings.debug and demo == DEMO_DEFAULT:
            demo = ""
        keys: list[tuple[Any, tuple[str, ...]]] = []
        if secret := settings.jwt_secret.get_secret_value():
            keys.append((secret, ("HS256",)))
        if settings.jwt_public_key:
            keys.append(_public(settings.jwt_public_key))
        if settings.jwt_jwks:
            keys.extend(_jwks(settings.jwt_jwks))
        return TokenPolicy(demo, tuple(keys))


def identify(token: str, *, policy: TokenPolicy) -> Caller | None:
    """Return who *token* names, or None."""
    demo = bool(policy.demo_token) and hmac.compare_digest(
        hashlib.sha256(token.encode()).digest(),
        hashlib.sha256(policy.demo_token.encode()).digest(),
    )
    claims: dict[str, Any] | None = None
    for key, algorithms in policy.keys or ((_NOBODY, ("HS256",)),):
        try:
            found: dict[str, Any] = jwt.decode(
                token, key, algorithms=list(algorithms), options={"require": ["exp", "sub"]}
            )
        except (jwt.PyJWTError, ValueError, TypeError):
            continue
        claims = claims or found
    if demo:
        return Caller(f"demo-{secrets.token_hex(6)}", DEMO_TENANT)
    if claims is None or not policy.keys:
        return None
    user, tenant = claims.get("sub"), claims.get("tenant", "default")
    if not isinstance(user, str) or not isinstance(tenant, str) or not user or not tenant:
        return None
    return Caller(_fit(user), _fit(tenant))


def _fit(name: str) -> str:
    """Return *name* if it may stand in a subject, else its fingerprint."""
    return name if is_token(name) else f"x{hashlib.sha256(name.encode()).hexdigest()[:24]}"


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
        return key, (algorithm,)
    raise SettingsError(f"AURA_JWT_PUBLIC_KEY: {path} holds no RSA or P-256 public key in PEM")


def _jwks(path: str) -> list[tuple[Any, tuple[str, ...]]]:
    try:
        found = jwt.PyJWKSet.from_dict(json.loads(Path(path).read_text(encoding="utf-8")))
    except OSError as error:
        raise SettingsError(f"AURA_JWT_JWKS: {error.strerror}: {path}") from error
    except (ValueError, jwt.PyJWTError) as error:
        raise SettingsError(f"AURA_JWT_JWKS: {path} is no JWK set with a usable key") from error
    good = {"RS256", "ES256"}
    return [(key.key, (key.algorithm_name,)) for key in found.keys if key.algorithm_name in good]
