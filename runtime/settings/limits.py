"""How much callers may have: connections, calls, messages, and when new ones are refused."""

from __future__ import annotations

from pydantic import BaseModel, Field


class LimitSettings(BaseModel):
    """How much callers may have: connections, calls, messages, and when new ones are refused."""

    max_connections_per_ip: int = Field(
        10,
        ge=1,
        description="WebSockets from one address to one edge. IPv6 counts by /64, here and in all "
        "limits by address.",
    )
    max_sockets_per_ip: int = Field(
        0,
        ge=0,
        le=1_000_000,
        description="TCP connections from one address to one edge, proxies excepted; 0: 20 more "
        "than twice AURA_MAX_CONNECTIONS_PER_IP.",
    )
    joins_per_minute_per_ip: int = Field(
        0,
        ge=0,
        le=10_000_000,
        description="WebSocket handshakes a minute from one address to one edge; as many "
        "conversations begun, and half as many tokens refused. 0: AURA_RECONNECTS_PER_MINUTE and "
        "one, times AURA_MAX_CONNECTIONS_PER_IP.",
    )
    max_sessions: int = Field(1000, ge=1, description="Calls at once, on all edges together.")
    max_sessions_without_token: int = Field(
        0,
        ge=0,
        description="Of these, calls that no token was asked for; 0: half of them.",
    )
    joins_per_minute_without_token: int = Field(
        0,
        ge=0,
        le=10_000_000,
        description="Conversations a minute that callers without a token begin at one edge; an "
        "address has at most as many as are left. 0: twice what they may hold at once or, if that "
        "is more, what one address may begin.",
    )
    max_sessions_per_tenant: int = Field(100, ge=1, description="Calls of one tenant at once.")
    max_sessions_per_user: int = Field(1, ge=1, description="Calls of one user at once.")
    reconnects_per_minute: int = Field(
        5, ge=1, description="Reconnections of one user in a minute, on all edges together."
    )
    max_call_s: float = Field(
        14_400.0, ge=0, le=604_800, description="Seconds that a call may last; 0: any."
    )
    max_call_idle_s: float = Field(
        900.0,
        ge=0,
        le=604_800,
        description="Seconds without a word of either side after which a call ends; 0: never.",
    )
    max_socket_idle_s: float = Field(
        60.0,
        ge=1,
        le=3600,
        description="Seconds that a WebSocket may be open without a conversation, as of /ws.",
    )
    control_messages_per_second: int = Field(
        10, ge=1, description="Control messages of one /ws/voice/continuous connection."
    )
    frames_per_second: int = Field(
        200,
        ge=20,
        le=10_000,
        description="WebSocket frames of all kinds a second and connection, after the first 20 s "
        "of them; more are read later, and for 30 s at most: then it is closed (1008).",
    )
    sound_at_once_s: float = Field(
        60.0,
        ge=5,
        le=3600,
        description="Seconds of sound that a connection may send at once; more is read at twice "
        "the speed of listening, and for 30 s at most: then it is closed (1008).",
    )
    api_requests_per_minute: int = Field(
        100, ge=1, description="HTTP requests a minute from one address."
    )
    overload_wait_ms: int = Field(
        3000,
        ge=0,
        description="New calls are refused while a job waits so long, ms, for a free worker; "
        "0: never.",
    )
    overload_calm_s: float = Field(
        5.0,
        ge=0.5,
        le=300,
        description="Seconds without such a wait until they are welcome again; their Retry-After.",
    )

    @property
    def seats_without_token(self) -> int:
        """The calls at once that no token was asked for."""
        return self.max_sessions_without_token or max(1, self.max_sessions // 2)
