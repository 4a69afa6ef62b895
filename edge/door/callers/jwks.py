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
ALGORITHMS = ("RS256", "ES256")
AGAIN_S = 30.0
"""The least time between two fetches for tokens that no known key has signed."""
JWKS_MOST_AGE_S = 3600.0
"""The highest age of a set, so that withdrawn keys expire."""
RENEWED_S = 3300.0
"""The age at which a set is fetched again, before a caller would have to wait for it."""
JWKS_TIMEOUT_S = 5.0
MOST_JWKS_BYTES = 1 << 20
_JWS = jwt.PyJWS()


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
    return found


def _parsed(data: bytes) -> tuple[Keys, int]:
    """Return the usable keys in *data*, and the number of too small ones."""
    keys: list[tuple[Any, tuple[str, ...]]] = []
    small = 0
    for key in jwt.PyJWKSet.from_dict(json.loads(data)).keys:
        if key.algorithm_name not in ALGORITHMS:
            continue
        if too_small(key.key):
            small += 1
            continue
        keys.append((key.key, (key.algorithm_name,)))
    return tuple(keys), small


def _needs_a_key(token: str) -> bool:
    """Return whether *token*, by its unverified header, is signed as by a key of a JWK set."""
    try:
        return jwt.get_unverified_header(token).get("alg") in ALGORITHMS
    except (jwt.PyJWTError, ValueError, TypeError):
        return False


def _is_signed_by(token: str, key: Any, algorithms: tuple[str, ...]) -> bool:
    try:
        _JWS.decode(token, key, algorithms=algorithms)
    except (jwt.PyJWTError, ValueError, TypeError):
        return False
    return True


class RemoteKeys:
    """A JWK set at a URL: fetched at the start, and again for a token of an unknown key."""

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.keys: Keys = ()
        self._url = url
        self._clock = clock
        self._tried_s = self._fetched_s = -math.inf
        self._fetching = asyncio.Lock()
        if goes_in_clear(url):
            log.warning("jwks_in_clear", advice="whoever is on the way can sign tokens: use https")

    async def ready_for(self, token: str, own: Keys = ()) -> None:
        """Return once the key of *token* is known, or cannot be fetched now.

        The key ids in the token and in the set are optional, and a key may change under its id
        (RFC 7517, 4.5). So a key is known if it, or one of *own*, verifies the signature.
        """
        if not _needs_a_key(token):
            return
        if self._has_key_of(token, own) and (self._is_fresh or self._fetching.locked()):
            return  # a known key, so that a provider that hangs delays nobody
        async with self._fetching:
            if self._is_fresh and self._has_key_of(token, own):
                return  # another caller has fetched the set
            if self._clock() - self._tried_s >= AGAIN_S:
                await self.fetch()

    async def keep_fresh(self) -> None:
        """Fetch the set again before it is too old, until cancelled."""
        while True:
            due_s = max(self._fetched_s + RENEWED_S, self._tried_s + AGAIN_S)
            await asyncio.sleep(max(0.0, due_s - self._clock()))
            async with self._fetching:
                if self._clock() >= self._tried_s + AGAIN_S:
                    await self.fetch()

    async def fetch(self) -> None:
        """Fetch the set; on failure the old one stays."""
        self._tried_s = self._clock()
        try:
            found, small = _parsed(await self._read())
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            log.warning("jwks_not_fetched", error=type(error).__name__)
        except (ValueError, TypeError, AttributeError, jwt.PyJWTError) as error:
            log.warning("jwks_not_readable", error=type(error).__name__)
        else:
            if small:
                log.warning("jwks_key_too_small", keys=small, least_bits=LEAST_RSA_BITS)
            self.keys, self._fetched_s = found, self._tried_s
            log.info("jwks_fetched", keys=len(found))

    @property
    def _is_fresh(self) -> bool:
        return self._clock() - self._fetched_s < JWKS_MOST_AGE_S

    def _has_key_of(self, token: str, own: Keys) -> bool:
        return any(_is_signed_by(token, key, algorithms) for key, algorithms in self.keys + own)

    async def _read(self) -> bytes:
        limit = aiohttp.ClientTimeout(total=JWKS_TIMEOUT_S)
        async with (
            aiohttp.ClientSession(timeout=limit) as http,
            http.get(self._url, allow_redirects=False) as answer,
        ):
            answer.raise_for_status()
            data = await answer.content.read(MOST_JWKS_BYTES + 1)
            while chunk := await answer.content.read(MOST_JWKS_BYTES + 1 - len(data)):
                data += chunk
            if len(data) > MOST_JWKS_BYTES:
                raise ValueError(f"more than {MOST_JWKS_BYTES} bytes")
            return data
