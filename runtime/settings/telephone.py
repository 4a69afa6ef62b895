"""Calls of the telephone network, by Twilio."""

from __future__ import annotations

from pydantic import BaseModel, Field, SecretStr


class TelephoneSettings(BaseModel):
    """Calls of the telephone network, by Twilio."""

    twilio_auth_token: SecretStr = Field(
        SecretStr(""),
        description="Auth token of the Twilio account whose calls come in: it signs "
        "/twilio/voice. Empty: /twilio/voice is not served.",
    )
    twilio_tenant: str = Field(
        "default", min_length=1, description="Tenant of the calls that Twilio announces."
    )
    twilio_transfer_to: str = Field(
        "",
        pattern=r"^(\+[0-9]{5,15}|sip:[^\s<>]+)?$",
        description="Number (+14155550100) or SIP address of a person, to whom callers who press "
        "AURA_TWILIO_TRANSFER_KEY are transferred; empty: nobody is.",
    )
    twilio_transfer_key: str = Field("0", pattern="^[0-9*#]$", description="That key.")
    twilio_account_sid: str = Field("", description="Account that transfers are asked of.")
    twilio_api_url: str = Field(
        "https://api.twilio.com", description="Where transfers are asked for."
    )
