"""The public keys of an identity provider: a JWK set in a file, or at a URL and refreshed."""

import asyncio
import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import jwt
import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from runtime.settings import SettingsError
from runtime.tls import goes_in_clear

log = structlog.get_logger(__name__)

Keys = tuple[tuple[Any, tuple[str, ...]], ...]
"""(key, its algorithms): a key never verifies another algorithm's signature."""

LEAST_RSA_BITS = 2048
"""The shortest RSA key that is accepted (RFC 7518, 3.3)."""
ALGORITHMS = frozenset({"RS256", "ES256"})
AGAIN_S = 30.0
"""The least time between two fetches for unknown keys."""
FRESH_S = 3600.0
"""The most age of a set, so that withdrawn keys expire."""
ANSWER_S = 5.0
MOST_BYTES = 1 << 20


def is_url(setting: str) -> bool:
    return setting.startswith(("https://", "http://"))


def too_small(key: Any) -> bool:
    """Return whether *key* is too short an RSA key."""
    return isinstance(key, RSAPublicKey) and key.key_size < LEAST_RSA_BITS


def read(path: str) -> Keys:
    """Return the keys in the file *path*.

    Raises:
        SettingsError: it cannot be read, or has no usable key.
    """
    try:
        found, small = _parsed(Path(path).read_bytes())
    except OSError as error:
        raise SettingsError(f"AURA_JWT_JWKS: {error.strerror}: {path}") from error
    except (ValueError, TypeError, AttributeError, jwt.PyJWTError) as error:
        raise SettingsError(f"AURA_JWT_JWKS: {path} is no JWK set with a usable key") from error
    if small:
        raise SettingsError(
            f"AURA_JWT_JWKS: {path} has an RSA key of fewer than {LEAST_RSA_BITS} bits"
        )
    return tuple(found.values())


def _parsed(data: bytes) -> tuple[dict[str, tuple[Any, tuple[str, ...]]], int]:
    """Return the usable keys in *data* by id, and the number of too small ones."""
    keys: dict[str, tuple[Any, tuple[str, ...]]] = {}
    small = 0
    for number, one in enumerate(jwt.PyJWKSet.from_dict(json.loads(data)).keys):
        if one.algorithm_name not in ALGORITHMS:
            continue
        if too_small(one.key):
            small += 1
            continue
        keys[one.key_id or f"without an id {number}"] = (one.key, (one.algorithm_name,))
    return keys, small


class RemoteKeys:
    """A JWK set at a URL: fetched at the start, and again for an unknown key."""

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.keys: Keys = ()
        self._url = url
        self._clock = clock
        self._known: frozenset[str] = frozenset()
        self._tried_at = self._fetched_at = -math.inf
        self._fetching = asyncio.Lock()
        if goes_in_clear(url):
            log.warning("jwks_in_clear", advice="whoever is on the way can sign tokens: use https")

    async def ready_for(self, token: str) -> None:
        """Return once the key of *token* is known, or cannot be fetched now."""
        if self._is_fresh and self._key_id(token) in {None, *self._known}:
            return
        async with self._fetching:
            if self._is_fresh and self._key_id(token) in {None, *self._known}:
                return  # another caller has fetched the set
            if self._clock() - self._tried_at >= AGAIN_S:
                await self.fetch()

    async def fetch(self) -> None:
        """Fetch the set; on failure the old one stays."""
        self._tried_at = self._clock()
        try:
            found, small = _parsed(await self._read())
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            log.warning("jwks_not_fetched", error=type(error).__name__)
        except (ValueError, TypeError, AttributeError, jwt.PyJWTError) as error:
            log.warning("jwks_not_readable", error=type(error).__name__)
        else:
            if small:
                log.warning("jwks_key_too_small", keys=small, least_bits=LEAST_RSA_BITS)
            self.keys, self._known = tuple(found.values()), frozenset(found)
            self._fetched_at = self._tried_at
            log.info("jwks_fetched", keys=len(found))

    @property
    def _is_fresh(self) -> bool:
        return self._clock() - self._fetched_at < FRESH_S

    @staticmethod
    def _key_id(token: str) -> str | None:
        """Return the key id in *token*, which is not verified."""
        try:
            found = jwt.get_unverified_header(token)
        except (jwt.PyJWTError, ValueError, TypeError):
            return None
        return str(found["kid"]) if found.get("alg") in ALGORITHMS and "kid" in found else None

    async def _read(self) -> bytes:
        limit = aiohttp.ClientTimeout(total=ANSWER_S)
        async with (
            aiohttp.ClientSession(timeout=limit) as http,
            http.get(self._url, allow_redirects=False) as answer,
        ):
            answer.raise_for_status()
            data = await answer.content.read(MOST_BYTES + 1)
            while chunk := await answer.content.read(MOST_BYTES + 1 - len(data)):
                data += chunk
            if len(data) > MOST_BYTES:
                raise ValueError(f"more than {MOST_BYTES} bytes")
            return data
