"""Limits of callers: connections, calls, messages, and the refusal of new calls."""

from pydantic import BaseModel, Field

CONTROL_MESSAGES_PER_SECOND = 10


class LimitSettings(BaseModel):
    """Limits of callers: connections, calls, messages, and the refusal of new calls."""

    max_connections_per_ip: int = Field(
        10,
        ge=1,
        description="WebSockets from one address to one edge. All limits by address count IPv6 "
        "by /64.",
    )
    max_sockets_per_ip: int = Field(
        0,
        ge=0,
        le=1_000_000,
        description="TCP connections from one address, except a proxy's, to one edge; 0: 20 "
        "more than twice AURA_MAX_CONNECTIONS_PER_IP.",
    )
    joins_per_minute_per_ip: int = Field(
        0,
        ge=0,
        le=10_000_000,
        description="WebSocket handshakes a minute from one address to one edge. As many "
        "sessions may begin, and half as many tokens may be refused. 0: "
        "AURA_RECONNECTS_PER_MINUTE plus one, times AURA_MAX_CONNECTIONS_PER_IP.",
    )
    max_sessions: int = Field(1000, ge=1, description="Calls at once, on all edges together.")
    max_sessions_without_token: int = Field(
        0,
        ge=0,
        description="Calls at once of callers without a token, as a part of AURA_MAX_SESSIONS; "
        "0: half of it.",
    )
    joins_per_minute_without_token: int = Field(
        0,
        ge=0,
        le=10_000_000,
        description="Sessions a minute that all callers without a token together may begin "
        "at one edge; one address may begin at most as many as are left. 0: the larger of twice "
        "their calls at once and the limit of one address.",
    )
    max_sessions_per_tenant: int = Field(100, ge=1, description="Calls of one tenant at once.")
    max_sessions_per_user: int = Field(1, ge=1, description="Calls of one user at once.")
    reconnects_per_minute: int = Field(
        5, ge=1, description="Reconnections a minute of one user, on all edges together."
    )
    max_call_s: float = Field(
        14_400.0, ge=0, le=604_800, description="Longest duration of a call, seconds; 0: no limit."
    )
    max_call_idle_s: float = Field(
        900.0,
        ge=0,
        le=604_800,
        description="Silence of both sides, seconds, after which a call ends; 0: never.",
    )
    max_socket_idle_s: float = Field(
        60.0,
        ge=1,
        le=3600,
        description="Seconds that a WebSocket may stay open without a session, as on /ws.",
    )
    control_messages_per_second: int = Field(
        CONTROL_MESSAGES_PER_SECOND,
        ge=1,
        description="Control messages a second on one /ws/voice/continuous connection.",
    )
    frames_per_second: int = Field(
        200,
        ge=20,
        le=10_000,
        description="WebSocket frames of all kinds a second on one connection, after a first "
        "burst of 20 s of them. Further frames are read later; after 30 s of delay the "
        "connection is closed (1008).",
    )
    sound_at_once_s: float = Field(
        60.0,
        ge=5,
        le=3600,
        description="Seconds of sound that a connection may send at once. Further sound is read "
        "at twice the speed of listening; after 30 s of delay the connection is closed (1008).",
    )
    api_requests_per_minute: int = Field(
        100, ge=1, description="HTTP requests a minute from one address."
    )
    overload_wait_ms: int = Field(
        3000,
        ge=0,
        description="New calls are refused while a job has waited so long, ms, for a free "
        "worker; 0: never.",
    )
    overload_calm_s: float = Field(
        5.0,
        ge=0.5,
        le=300,
        description="Seconds without such a wait after which new calls are accepted again; it "
        "is also their Retry-After.",
    )

    @property
    def seats_without_token(self) -> int:
        """The most calls at once of callers without a token."""
        return self.max_sessions_without_token or max(1, self.max_sessions // 2)
