"""Calls of the telephone network, by Twilio and over SIP."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field, SecretStr


class TelephoneSettings(BaseModel):
    """Calls of the telephone network, by Twilio and over SIP."""

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
    sip_user: str = Field("aura", min_length=1, description="`aura sip`: user of its account.")
    sip_domain: str = Field(
        "", description="Domain of the account, or the address of a PBX; empty: AURA_SIP_ADDRESS."
    )
    sip_password: SecretStr = Field(SecretStr(""), description="Password of the account.")
    sip_auth_user: str = Field("", description="User that the password is of; empty: the same.")
    sip_register: bool = Field(
        False, description="Register there; without it calls come in by address, as on a trunk."
    )
    sip_registrar: str = Field(
        "", description="Proxy to go through, host or host:port; empty: the domain itself."
    )
    sip_transport: Literal["udp", "tcp", "tls"] = Field(
        "udp", description="To it; calls come in the same way."
    )
    sip_certificate: str = Field(
        "",
        description="PEM file of a certificate and its key: SIP comes in by TLS, too, one port "
        "above AURA_SIP_LISTEN's.",
    )
    sip_ca: str = Field(
        "",
        description="PEM file of the authorities that vouch for the other side by TLS; empty: the "
        "system's.",
    )
    sip_srtp: Literal["off", "offered", "required"] = Field(
        "off", description="Whether sound is encrypted; required: other calls are refused (488)."
    )
    sip_listen: str = Field(
        "0.0.0.0:5060",
        pattern=r"^[^\s]+:[0-9]{1,5}$",
        description="Address and port that SIP comes to, UDP and TCP.",
    )
    sip_address: str = Field(
        "", description="Address or interface of this machine to speak from; empty: by the route."
    )
    sip_rtp_ports: str = Field(
        "10000-19999",
        pattern=r"^[0-9]{1,5}-[0-9]{1,5}$",
        description="UDP ports of the calls' sound, two a call.",
    )
    sip_max_calls: int = Field(
        50, ge=1, le=2000, description="Calls at once; a further one hears the busy tone."
    )
    sip_tenant: str = Field("default", min_length=1, description="Tenant of the calls.")
    sip_agent: str = Field(
        "", description="Agent that serves them; empty: one of the number's name, or the default."
    )
