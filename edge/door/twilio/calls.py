"""The telephone calls that Twilio announces: checks of the webhook, and a token for each call.

Twilio signs the webhook of a call, but not its media stream, which shows the token from the reply
to the webhook. Any edge verifies a token by its signature, and accepts it once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass

import jwt
import structlog

from edge.door.callers.auth import Caller
from runtime.bus.connection import Bus
from runtime.bus.errors import BusAwayError, FencedError
from runtime.settings import Settings
from schemas import names, subjects

log = structlog.get_logger(__name__)

TWILIO_PREFIX = "twilio."
"""The prefix of a token."""
AUDIENCE = "twilio/media"
TOKEN_S = 60
"""The validity of a token, seconds; Twilio connects within a second or two of the reply."""
USED_TTL_S = 2 * TOKEN_S
"""The time, seconds, for which a used token is remembered."""


def signature(auth_token: str, url: str, fields: Iterable[tuple[str, str]] = ()) -> str:
    """Return `X-Twilio-Signature` of a request of *url* with the *fields* of its form."""
    signed = url + "".join(name + value for name, value in sorted(set(fields)))
    made = hmac.new(auth_token.encode(), signed.encode(), hashlib.sha1)
    return base64.b64encode(made.digest()).decode()


@dataclass(frozen=True)
class TwilioCalls:
    """One Twilio account's calls."""

    bus: Bus
    auth_token: str
    tenant: str
    public_url: str
    """The public URL; empty: the address in each request."""

    @staticmethod
    def of(settings: Settings, bus: Bus) -> TwilioCalls | None:
        """Return the calls of the account in *settings*; None: there is none."""
        auth_token = settings.twilio_auth_token.get_secret_value()
        if not auth_token:
            return None
        return TwilioCalls(
            bus, auth_token, names.stored(settings.twilio_tenant), settings.public_url
        )

    def is_signed(self, sent_signature: str, url: str, fields: Iterable[tuple[str, str]]) -> bool:
        """Return whether Twilio sent the request; *sent_signature* is in its header."""
        right = signature(self.auth_token, url, fields)
        return hmac.compare_digest(sent_signature.encode(errors="replace"), right.encode())

    def token(self, call: str, agent: str) -> str:
        """Return a token for the media stream of *call* with *agent*; empty: any agent."""
        claims = {
            "aud": AUDIENCE,
            "exp": int(time.time()) + TOKEN_S,
            "sub": call,
            "agent": agent,
            "jti": secrets.token_hex(16),
        }
        return TWILIO_PREFIX + jwt.encode(claims, self._key, "HS256")

    async def identify(self, token: str) -> Caller | None:
        """Return the caller of *token* at its first use, else None."""
        try:
            claims = jwt.decode(
                token.removeprefix(TWILIO_PREFIX),
                self._key,
                algorithms=["HS256"],
                audience=AUDIENCE,
            )
        except (jwt.PyJWTError, ValueError) as error:
            log.info("token_refused", why=type(error).__name__)
            return None
        try:
            used = f"{subjects.SEATS}.once.{claims['jti']}"
            await self.bus.put(used, "used", 0, ttl_s=USED_TTL_S)
        except FencedError:
            log.info("token_refused", why="used before")
            return None
        except BusAwayError:
            log.warning("token_not_noted")  # the call itself reports the outage
        return Caller(names.of_twilio(claims["sub"]), self.tenant, agent=claims["agent"])

    @property
    def _key(self) -> bytes:
        """Return the key that signs tokens, the same at all edges: from the account's secret."""
        return hmac.digest(self.auth_token.encode(), AUDIENCE.encode(), "sha256")
