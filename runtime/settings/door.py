"""The edge's address, its client protocols, and the talk page."""

from pydantic import BaseModel, Field

from runtime.settings.fields import bare, listed

EVERYWHERE = frozenset({"", "0.0.0.0", "::"})  # noqa: S104  # looked for, not listened on
"""Values of HOST that listen on all networks."""


class DoorSettings(BaseModel):
    """The edge's address, its client protocols, and the talk page."""

    host: str = Field(
        validation_alias=bare("host"),
        default="0.0.0.0",  # noqa: S104  # the documented default; the start warns about it
        description="Address the edge listens on.",
    )
    port: int = Field(
        validation_alias=bare("port"),
        default=8000,
        ge=0,
        le=65535,
        description="Port of the edge; 0 picks a free one.",
    )
    debug: bool = Field(
        validation_alias=bare("debug"),
        default=True,
        description="Allows the demo token, /ws without a token, and pages from localhost. Turn "
        "it off where strangers can reach the port.",
    )
    sample_rate: int = Field(
        validation_alias=bare("sample_rate"),
        default=16000,
        ge=8000,
        le=48000,
        description="Sample rate, Hz, of headerless PCM from clients and of the audio sent to "
        "them.",
    )
    chunk_size: int = Field(
        validation_alias=bare("chunk_size"),
        default=1024,
        ge=160,
        le=48000,
        description="Samples in one `ai_audio_chunk` to a client.",
    )
    next_public_api_url: str = Field(
        "",
        validation_alias=bare("next_public_api_url"),
        description="URL that the talk page asks for /health; empty: the page's own origin.",
    )
    next_public_ws_url: str = Field(
        "",
        validation_alias=bare("next_public_ws_url"),
        description="WebSocket URL that the talk page calls, such as `wss://voice.example/ws`; "
        "empty: the page's own origin.",
    )
    next_public_sample_rate: int = Field(
        16000,
        validation_alias=bare("next_public_sample_rate"),
        ge=8000,
        le=48000,
        description="Sample rate, Hz, of the microphone audio that the talk page sends.",
    )
    next_public_debug: bool = Field(
        True,
        validation_alias=bare("next_public_debug"),
        description="The talk page shows its measurements and logs each message to the "
        "browser's console.",
    )
    realtime_models: str = Field(
        "",
        description="Models that a client of /v1/realtime may choose by `model=`, comma "
        "separated; any other name stands for the operator's model.",
    )
    tls_cert: str = Field(
        "", description="PEM certificate chain; if it is set, the edge serves wss."
    )
    tls_key: str = Field("", description="PEM key of AURA_TLS_CERT, if it is in another file.")
    heartbeat_s: float = Field(
        20.0,
        ge=0.1,
        le=30,
        description="Seconds between pings; a client is disconnected if it answers none for 1.5 "
        "times as long.",
    )
    dialects: str = Field(
        "",
        description="Client protocols that are served, by the names in docs/protocol.md, comma "
        "separated; empty: all.",
    )
    public_url: str = Field(
        "",
        pattern=r"^(https?://[^\s?#]+[^\s?#/])?$",
        description="Address at which Twilio reaches the edges, such as "
        "https://voice.example.com; empty: the host of each request, which is right without a "
        "proxy.",
    )
    http_timeout_s: float = Field(
        10.0,
        ge=1,
        le=300,
        description="Seconds that a connection may take for its TLS handshake, for the head of "
        "a request, and between two requests. A proxy must close its idle connections sooner.",
    )

    @property
    def realtime_models_listed(self) -> frozenset[str]:
        return frozenset(listed(self.realtime_models))

    @property
    def reaches_everybody(self) -> bool:
        """Whether the edge listens on all networks."""
        return self.host in EVERYWHERE

    @property
    def has_talk_page(self) -> bool:
        """Whether `continuous`, the talk page's protocol, is served here or at another URL."""
        wanted = listed(self.dialects)
        return not wanted or "continuous" in wanted or bool(self.next_public_ws_url)
