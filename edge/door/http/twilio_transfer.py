"""Transfer of a telephone caller to a person: Twilio is told to dial one instead of the stream."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import quote
from xml.sax.saxutils import escape

import aiohttp
import msgspec
import structlog

from edge.protocols.twilio import TwilioProtocol
from runtime.settings import Settings, SettingsError

log = structlog.get_logger(__name__)

ANSWER_S = 5.0
"""The caller waits for so long at most."""


@dataclass(frozen=True)
class TwilioTransfer:
    """The person's number, and the way to tell Twilio."""

    api_url: str
    account: str
    auth_token: str
    to: str
    """The number or `sip:` address for callers who ask by a key; empty: a key does not transfer."""

    @staticmethod
    def of(settings: Settings) -> TwilioTransfer | None:
        """Return what *settings* say; None: nobody can be transferred.

        Raises:
            SettingsError: Twilio could not be told.
        """
        auth_token = settings.twilio_auth_token.get_secret_value()
        if not (settings.twilio_account_sid and auth_token):
            if not settings.twilio_transfer_to:
                return None
            raise SettingsError(
                "AURA_TWILIO_TRANSFER_TO needs AURA_TWILIO_ACCOUNT_SID and AURA_TWILIO_AUTH_TOKEN"
            )
        return TwilioTransfer(
            settings.twilio_api_url.rstrip("/"),
            settings.twilio_account_sid,
            auth_token,
            settings.twilio_transfer_to,
        )

    async def to_a_person(self, call: str) -> bool:
        """Tell whether Twilio transfers *call*, whose caller has pressed the key."""
        return await self.transfer(call, self.to)

    async def transfer(self, call: str, to: str) -> bool:
        """Tell whether Twilio transfers *call* to a number or address; its stream ends then."""
        account = quote(self.account, safe="")
        url = f"{self.api_url}/2010-04-01/Accounts/{account}/Calls/{quote(call, safe='')}.json"
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_S)) as http,
                http.post(
                    url,
                    data={"Twiml": twiml(to)},
                    auth=aiohttp.BasicAuth(self.account, self.auth_token),
                    allow_redirects=False,
                ) as answer,
            ):
                if good := answer.status == 200:
                    log.info("call_transferred")
                else:
                    log.warning("call_not_transferred", status=answer.status)
                return good
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            log.warning("call_not_transferred", error=type(error).__name__)
            return False


def twiml(to: str) -> str:
    """Return what has Twilio dial *to*."""
    escaped = escape(to)
    dialled = f"<Sip>{escaped}</Sip>" if to.startswith(("sip:", "sips:")) else escaped
    return f"<Response><Dial>{dialled}</Dial></Response>"


@dataclass(frozen=True)
class TwilioPhone:
    """The line of one call that Twilio streams."""

    transfers: TwilioTransfer
    protocol: TwilioProtocol
    send: Callable[[str], Awaitable[None]]

    async def press(self, keys: str) -> bool:
        """Send the tones of *keys*: Twilio takes keys in no other form."""
        try:
            for message in self.protocol.tones(keys):
                await self.send(msgspec.json.encode(message).decode())
        except ConnectionError:
            return False
        return True

    async def transfer(self, to: str) -> bool:
        return await self.transfers.transfer(self.protocol.call, to)
