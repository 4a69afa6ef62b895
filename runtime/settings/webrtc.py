"""Browser calls over WebRTC: ports and addresses."""

from pydantic import BaseModel, Field, SecretStr


class WebRtcSettings(BaseModel):
    """Browser calls over WebRTC: ports and addresses."""

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
