"""The interface of a protocol: a client's messages to commands, client events to its messages.

A protocol is pure: no socket, no clock, no bus. Its only state is about its messages (a WAV header,
the pace of a page's microphone) and not about the call. A new protocol is a class in its own file
and a line in `edge/protocols/__init__.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum, auto
from typing import Any, Protocol

from edge.core.messages.client_commands import ClientCommand
from edge.core.messages.client_events import ClientEvent, Trouble
from runtime.settings.limits import CONTROL_MESSAGES_PER_SECOND
from schemas.audio import RATE_HZ
from schemas.events import StageOrAudio

Json = Mapping[str, Any]
Prices = Mapping[str, tuple[float, float]]
"""Prices by model: USD for a million prompt tokens and for a million completion tokens."""

MOST_BYTES_WITHOUT_TOKEN = 64 * 1024
"""The longest message of a client that may not have shown a token yet."""
LEAST_KEY_CHARS, MOST_KEY_CHARS = 16, 128
"""The length of a client's key of its session, which must be too long to guess."""


class TokenPlace(Enum):
    """The place of a client's token."""

    HANDSHAKE = auto()
    """In the request that opens the WebSocket: its query, a header or a subprotocol."""
    FIRST_MESSAGE = auto()
    """In the first message after the handshake, or in one of the next."""


@dataclass(frozen=True)
class Admission:
    """The door's rules for the clients of a protocol."""

    token: TokenPlace = TokenPlace.HANDSHAKE
    limits_commands: bool = False
    """Whether commands a second are limited; audio does not count."""
    refuses_by_http: bool = False
    """Whether a busy edge answers 503 to the handshake; else it opens, sends an error and
    closes."""
    one_session: bool = True
    """Whether a connection holds one session, which another connection may resume; else it holds
    several, one after another."""
    open_to_strangers: bool = False
    """Whether the protocol needs no token while the operator admits strangers. If a token is
    required all the same, the refusal is told by a message before the close."""
    subprotocols: tuple[str, ...] = ()
    """Subprotocols (RFC 6455) that the edge accepts if a client offers them."""
    most_message_bytes: int = 8 * 1024 * 1024
    """The longest message of the protocol."""
    stage_close_codes: Mapping[StageOrAudio, int] = field(default_factory=dict)
    """The close codes for a connection whose stage stays down; `INTERNAL_ERROR` for the others."""

    @property
    def message_limit_bytes(self) -> int:
        """The longest message that is read, which the place of the token bounds, too."""
        if self.token is TokenPlace.FIRST_MESSAGE:
            return min(self.most_message_bytes, MOST_BYTES_WITHOUT_TOKEN)
        return self.most_message_bytes


@dataclass(frozen=True)
class ProtocolSettings:
    """The operator's settings for the connections of all clients."""

    rate_hz: int = RATE_HZ
    """The sample rate of PCM without a header, and of audio to the client."""
    prices: Prices = field(default_factory=dict)
    control_messages_per_second: int = CONTROL_MESSAGES_PER_SECOND
    """The most control messages a second that a client may send."""
    models: frozenset[str] = frozenset()
    """The language models that a client may choose."""
    voices: frozenset[str] = frozenset()
    """The voices that a client may choose; `*` stands for any."""
    transfer_key: str = ""
    """The telephone key that asks for a person; empty: none."""


def bearer_in(headers: Mapping[str, str]) -> str:
    """Return the token in the Authorization header, or "" without one."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


@dataclass(frozen=True)
class Handshake:
    """The request that opened the connection."""

    connection: str
    """The name of the connection on this edge, such as `conn_7`."""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    """The headers by their names in lower case."""
    nonce: str = ""
    """A value that is unique among all connections of all edges."""
    session: Mapping[str, Any] = field(default_factory=dict)
    """The session object in the request of a WebRTC call."""
    has_tracks: bool = False
    """Whether sound goes over separate tracks, beside the messages (WebRTC)."""
    settings: ProtocolSettings = field(default_factory=ProtocolSettings)

    @property
    def is_page(self) -> bool:
        """Whether a browser sent the request: a page cannot leave out its origin."""
        return "origin" in self.headers

    @property
    def bearer(self) -> str:
        """The token in the Authorization header, or "" without one."""
        return bearer_in(self.headers)

    @property
    def token(self) -> str:
        """The token in the Authorization header, else in the query, or "" without one."""
        return self.bearer or self.query.get("token", "")

    @property
    def resume_key(self) -> str:
        """The client's own key of the session, or "" without a valid one."""
        key = self.query.get("resume_key", "")
        return key if LEAST_KEY_CHARS <= len(key) <= MOST_KEY_CHARS else ""

    @property
    def wrong_resume_key(self) -> list[str]:
        """The error about an invalid key of the client, none without one."""
        if self.resume_key or not self.query.get("resume_key"):
            return []
        return [f"resume_key has {LEAST_KEY_CHARS} to {MOST_KEY_CHARS} characters"]


class CloseCode(IntEnum):
    """Close codes of RFC 6455 and its registry that an edge uses."""

    NORMAL = 1000
    PROTOCOL_ERROR = 1002
    POLICY_VIOLATION = 1008
    INTERNAL_ERROR = 1011
    SERVICE_RESTART = 1012
    """The client may reconnect at once, to any edge."""
    TRY_AGAIN_LATER = 1013


def failed_stage(trouble: Trouble) -> StageOrAudio:
    """Return the name of the failed part for clients: no protocol has a word for the bus."""
    return "audio" if trouble.stage == "bus" else trouble.stage


class ClientProtocol(Protocol):
    """One connection by one client protocol, with the usual answers of protocols."""

    name: str
    """The name of the protocol, as in events."""
    admission: Admission
    connection: str
    """The name of this connection, from its handshake."""
    audio_out_hz: int
    """The sample rate that `messages` now expects of `Speech`, which is s16le mono."""
    token: str = ""
    """The token in the handshake, if the protocol has it there."""
    resumes: str = ""
    """The session that the client wants to resume; empty: a new session."""
    telephone_call: str = ""
    """The carrier's id of the telephone call; empty: it is none."""

    def __init__(self, handshake: Handshake) -> None:
        """Begin a connection with its *handshake*."""

    def first_message(self, raw: str | bytes) -> str | None:
        """Return the token in the first message, if the protocol has it there, or "" without one.

        None means that it comes with a later message.
        """
        del raw
        return ""

    def opened(self) -> list[ClientCommand]:
        """Return the commands that follow from the opened connection."""

    def receive(self, raw: str | bytes, now_ms: int = 0) -> list[ClientCommand]:
        """Return the commands in one WebSocket message; it never raises, whatever the bytes.

        *now_ms* is Unix time, ms, of its arrival.
        """

    def receive_audio(self, raw: str | bytes, now_ms: int = 0) -> list[ClientCommand] | None:
        """Return the commands in a short audio message, or None for any other message.

        Audio comes many times a second, so a protocol may have this fast path.
        """
        del raw, now_ms
        return None

    @property
    def keeps_back(self) -> bool:
        """Whether received audio waits for more audio before it can be decoded."""
        return False

    def flush_audio(self) -> list[ClientCommand]:
        """Return the commands in the audio that was kept back; no more audio comes."""
        return []

    def messages(self, event: ClientEvent) -> list[Json]:
        """Return the messages of this protocol for *event*; none if it has no form for it."""

    def without_audio(self, message: Json) -> Json | None:
        """Return what is left of a message of `Speech` without its audio; None: nothing.

        It is *message* itself if it carries no audio.
        """
        return message

    def audio_dropped(self, turn: int, audio_ms: int) -> None:
        """Note that the last *audio_ms* of the response to *turn* were dropped unsent."""
        del turn, audio_ms

    def forget_session(self) -> None:
        """Forget the session that the client asked for: it could not begin."""
        return  # else the method would be abstract
