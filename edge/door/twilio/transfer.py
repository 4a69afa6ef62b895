"""Transfers a telephone caller to a person: Twilio dials a number instead of the stream."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import quote
from xml.sax.saxutils import escape

import aiohttp
import msgspec
import structlog

from edge.core.messages.client_events import Tones
from edge.protocols.client_protocol import ClientProtocol
from runtime.settings import Settings, SettingsError

log = structlog.get_logger(__name__)

TWILIO_TIMEOUT_S = 5.0
"""The longest wait for Twilio's answer, seconds."""


@dataclass(frozen=True)
class TwilioTransfer:
    """The person's number, and the account for Twilio's API."""

    api_url: str
    account: str
    auth_token: str
    to: str
    """The number or `sip:` address for callers who ask by a key; empty: a key does not transfer."""

    @staticmethod
    def of(settings: Settings) -> TwilioTransfer | None:
        """Return the transfer in *settings*; None: there is no transfer.

        Raises:
            SettingsError: the account is missing.
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
        """Transfer *call*, whose caller has pressed the key; return whether Twilio does it."""
        return await self.transfer(call, self.to)

    async def transfer(self, call: str, to: str) -> bool:
        """Transfer *call*, whose stream then ends; return whether Twilio does it."""
        account = quote(self.account, safe="")
        url = f"{self.api_url}/2010-04-01/Accounts/{account}/Calls/{quote(call, safe='')}.json"
        try:
            async with (
                aiohttp.ClientSession(
                    timeout=aiohttp.ClientTimeout(total=TWILIO_TIMEOUT_S)
                ) as http,
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
    """Return the TwiML that dials *to*."""
    escaped = escape(to)
    dialled = f"<Sip>{escaped}</Sip>" if to.startswith(("sip:", "sips:")) else escaped
    return f"<Response><Dial>{dialled}</Dial></Response>"


@dataclass(frozen=True)
class TwilioPhone:
    """The line of a call that Twilio streams."""

    transfers: TwilioTransfer
    protocol: ClientProtocol
    send: Callable[[str], Awaitable[None]]

    async def press(self, keys: str) -> bool:
        """Send the tones of *keys*, the only form that Twilio takes."""
        try:
            for message in self.protocol.messages(Tones(keys)):
                await self.send(msgspec.json.encode(message).decode())
        except ConnectionError:
            return False
        return True

    async def transfer(self, to: str) -> bool:
        return await self.transfers.transfer(self.protocol.telephone_call, to)
