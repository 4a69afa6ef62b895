"""Transfer of a telephone caller to a person: Twilio is told to dial one instead of the stream."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote
from xml.sax.saxutils import escape

import aiohttp
import structlog

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
    """A number, or an address that begins with `sip:`."""

    @staticmethod
    def of(settings: Settings) -> TwilioTransfer | None:
        """Return what *settings* say; None: nobody is transferred.

        Raises:
            SettingsError: Twilio could not be told.
        """
        if not settings.twilio_transfer_to:
            return None
        auth_token = settings.twilio_auth_token.get_secret_value()
        if not (settings.twilio_account_sid and auth_token):
            raise SettingsError(
                "AURA_TWILIO_TRANSFER_TO needs AURA_TWILIO_ACCOUNT_SID and AURA_TWILIO_AUTH_TOKEN"
            )
        return TwilioTransfer(
            settings.twilio_api_url.rstrip("/"),
            settings.twilio_account_sid,
            auth_token,
            settings.twilio_transfer_to,
        )

    @property
    def twiml(self) -> str:
        to = escape(self.to)
        dialled = f"<Sip>{to}</Sip>" if to.startswith("sip:") else to
        return f"<Response><Dial>{dialled}</Dial></Response>"

    async def transfer(self, call: str) -> bool:
        """Tell whether Twilio transfers *call*, whose stream ends then."""
        account = quote(self.account, safe="")
        url = f"{self.api_url}/2010-04-01/Accounts/{account}/Calls/{quote(call, safe='')}.json"
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_S)) as http,
                http.post(
                    url,
                    data={"Twiml": self.twiml},
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
