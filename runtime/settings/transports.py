"""Transports beside WebSockets: telephone calls, by Twilio or over SIP, and WebRTC."""

from typing import Literal

from pydantic import BaseModel, Field, SecretStr


class TransportSettings(BaseModel):
    """Telephone calls, by Twilio or over SIP; browser calls over WebRTC."""

    twilio_auth_token: SecretStr = Field(
        SecretStr(""),
        description="Auth token of the Twilio account, which signs requests to /twilio/voice. "
        "Empty: /twilio/voice is not served.",
    )
    twilio_tenant: str = Field(
        "default", min_length=1, description="Tenant of the calls from Twilio."
    )
    twilio_transfer_to: str = Field(
        "",
        pattern=r"^(\+[0-9]{5,15}|sip:[^\s<>]+)?$",
        description="Number (+14155550100) or SIP address of a person. Callers who press "
        "AURA_TWILIO_TRANSFER_KEY are transferred there; empty: nobody is.",
    )
    twilio_transfer_key: str = Field(
        "0",
        pattern="^[0-9*#]$",
        description="Telephone key that transfers the caller to AURA_TWILIO_TRANSFER_TO.",
    )
    twilio_account_sid: str = Field("", description="Twilio account that transfers the calls.")
    twilio_api_url: str = Field(
        "https://api.twilio.com", description="URL of Twilio's API, which transfers calls."
    )
    sip_user: str = Field(
        "aura", min_length=1, description="User of the SIP account of `aura sip`."
    )
    sip_domain: str = Field(
        "", description="Domain of the SIP account, or address of a PBX; empty: AURA_SIP_ADDRESS."
    )
    sip_password: SecretStr = Field(SecretStr(""), description="Password of the SIP account.")
    sip_auth_user: str = Field(
        "", description="User name for authentication; empty: AURA_SIP_USER."
    )
    sip_register: bool = Field(
        False,
        description="Register at the domain; without it, calls come to this address, as on a "
        "trunk.",
    )
    sip_registrar: str = Field(
        "", description="Outbound proxy, host or host:port; empty: the domain itself."
    )
    sip_transport: Literal["udp", "tcp", "tls"] = Field(
        "udp", description="Transport to the proxy or domain; it is also that of incoming calls."
    )
    sip_certificate: str = Field(
        "",
        description="PEM file of a certificate and its key; if it is set, SIP over TLS listens "
        "one port above that of AURA_SIP_LISTEN.",
    )
    sip_ca: str = Field(
        "",
        description="PEM file of the authorities that sign the other side's TLS certificates; "
        "empty: the system's.",
    )
    sip_srtp: Literal["off", "offered", "required"] = Field(
        "off",
        description="Encryption of the calls' sound (SRTP); `required` refuses calls without it "
        "(488).",
    )
    sip_listen: str = Field(
        "0.0.0.0:5060",
        pattern=r"^[^\s]+:[0-9]{1,5}$",
        description="Address and port that listen for SIP over UDP and TCP.",
    )
    sip_address: str = Field(
        "",
        description="Address or interface of this machine to send from; empty: chosen by the "
        "route.",
    )
    sip_rtp_ports: str = Field(
        "10000-19999",
        pattern=r"^[0-9]{1,5}-[0-9]{1,5}$",
        description="UDP ports for the calls' sound, two for each call.",
    )
    sip_max_calls: int = Field(
        50, ge=1, le=2000, description="Calls at once; a further caller hears the busy tone."
    )
    sip_tenant: str = Field("default", min_length=1, description="Tenant of the SIP calls.")
    sip_agent: str = Field(
        "",
        description="Agent of the SIP calls; empty: the agent named like the called number, "
        "else the default.",
    )
    webrtc_ports: str = Field(
        "",
        description="UDP port of all WebRTC calls of an edge, such as 50000, or a range from "
        "which each edge takes the first free port. Empty: any free port.",
    )
    webrtc_address: str = Field(
        "",
        description="Addresses at which clients reach that port, comma separated, such as the "
        "public address of a router or load balancer. Empty: HOST, or all addresses of the "
        "machine.",
    )
    webrtc_stun: str = Field(
        "",
        description="STUN server that tells the edge its public address, such as "
        "stun:stun.example.com:3478; empty: none.",
    )
    webrtc_turn: str = Field(
        "",
        description="TURN server that relays calls if no packet reaches the edge, such as "
        "turn:turn.example.com:3478?transport=udp; empty: none.",
    )
    webrtc_turn_user: str = Field("", description="User of the TURN server.")
    webrtc_turn_password: SecretStr = Field(
        SecretStr(""), description="Password of the TURN server."
    )
