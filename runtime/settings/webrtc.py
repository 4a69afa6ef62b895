"""Calls of browsers over WebRTC: where their packets go."""

from __future__ import annotations

from pydantic import BaseModel, Field, SecretStr


class WebRtcSettings(BaseModel):
    """Calls of browsers over WebRTC: where their packets go."""

    webrtc_ports: str = Field(
        "",
        description="UDP port of calls over WebRTC, e.g. 50000, or a range of which an edge takes "
        "the first that is free: all its calls share it. Empty: any free one.",
    )
    webrtc_address: str = Field(
        "",
        description="Address, or several, comma separated, by which clients reach that port: the "
        "public one of a router or load balancer. Empty: HOST, or all of the machine.",
    )
    webrtc_stun: str = Field(
        "",
        description="STUN server, e.g. stun:stun.example.com:3478, that tells the edge its public "
        "address; empty: none.",
    )
    webrtc_turn: str = Field(
        "",
        description="TURN server, e.g. turn:turn.example.com:3478?transport=udp, that relays calls "
        "where no packet reaches the edge; empty: none.",
    )
    webrtc_turn_user: str = Field("", description="User there.")
    webrtc_turn_password: SecretStr = Field(SecretStr(""), description="Password there.")
