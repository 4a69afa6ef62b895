"""The seam to a client: its frames become commands, and what a call tells becomes its messages.

A protocol is pure: no socket, no clock, no bus. It keeps what its wire makes it keep (a WAV header,
the pace of a page's microphone) and nothing of the call. A new one is a class in a file of its own
and a line in `edge/protocols/__init__.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum, auto
from typing import Any, Protocol

from edge.core.client_commands import Command
from edge.core.client_events import ClientEvent
from schemas.audio import RATE_HZ
from schemas.events import FaultyPart

Json = Mapping[str, Any]
Prices = Mapping[str, tuple[float, float]]
"""USD a million prompt and completion tokens, by model."""

LEAST_KEY_CHARS, MOST_KEY_CHARS = 16, 128
"""Of a key that a client gives its session: no guess of anybody's."""


class Token(Enum):
    """The place of a client's token."""

    HANDSHAKE = auto()
    """In the request of the WebSocket: its query, a header or a subprotocol."""
    FIRST_MESSAGE = auto()
    """In the first message after it, or one of the next."""


@dataclass(frozen=True)
class Admission:
    """The rules of the door for a protocol's clients."""

    token: Token
    limits_commands: bool
    """Commands a second are limited; audio is none."""
    refuses_by_http: bool
    """A busy edge answers 503 before the WebSocket opens; else it tells by message and closes."""
    one_session: bool
    """A connection holds one session, which another connection may resume; else one after the
    other."""
    open_to_strangers: bool = False
    """Its document asks for no token: nobody is asked while the operator lets strangers in. Where a
    token is asked for all the same, its refusal is told by a message before the close."""
    subprotocols: tuple[str, ...] = ()
    """Of RFC 6455, that the edge agrees to where a client offers them."""
    most_frame_bytes: int = 8 * 1024 * 1024
    """The longest message that is read."""


@dataclass(frozen=True)
class Handshake:
    """The request that opened the WebSocket, and what the operator has set for all of them."""

    connection: str
    """Its name on this edge, such as `conn_7`."""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    """By their names in lower case."""
    rate_hz: int = RATE_HZ
    """Of PCM that comes without a header, and of audio that goes out."""
    prices: Prices = field(default_factory=dict)
    events_a_second: int = 10
    """That a client may send, audio aside."""
    models: frozenset[str] = frozenset()
    """Of the language model, which a client may choose from."""
    nonce: str = ""
    """A value that no other connection of any edge has."""
    transfer_key: str = ""
    """Of a telephone: it asks for a person; empty: none does."""
    session: Mapping[str, Any] = field(default_factory=dict)
    """The session object that came with the request of a call over WebRTC."""
    voices: frozenset[str] = frozenset()
    """That a client may ask for; `*` among them: any."""
    has_tracks: bool = False
    """Sound comes and goes over tracks of its own, beside the messages: WebRTC."""

    @property
    def is_page(self) -> bool:
        """A browser sent it: pages cannot leave out their origin."""
        return "origin" in self.headers

    @property
    def bearer(self) -> str:
        """The token in its Authorization header, empty where there is none."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    @property
    def token(self) -> str:
        """The token in its Authorization header or else its query, empty where there is none."""
        return self.bearer or self.query.get("token", "")

    @property
    def resume_key(self) -> str:
        """The client's own key of the session, empty where it gives none that may be one."""
        key = self.query.get("resume_key", "")
        return key if LEAST_KEY_CHARS <= len(key) <= MOST_KEY_CHARS else ""

    @property
    def wrong_resume_key(self) -> list[str]:
        """What is wrong with the key that it gives."""
        if self.resume_key or not self.query.get("resume_key"):
            return []
        return [f"resume_key has {LEAST_KEY_CHARS} to {MOST_KEY_CHARS} characters"]


class CloseCode(IntEnum):
    """Of RFC 6455 and its registry, as an edge uses them."""

    NORMAL = 1000
    POLICY_VIOLATION = 1008
    INTERNAL_ERROR = 1011
    SERVICE_RESTART = 1012
    """The client may reconnect at once, to any edge."""
    TRY_AGAIN_LATER = 1013


class ClientProtocol(Protocol):
    """One client protocol, one connection."""

    name: str
    """Of the protocol, as events tell it."""
    connection: str
    """Of this connection, as its handshake named it."""
    admission: Admission

    def __init__(self, handshake: Handshake) -> None:
        """Begin a connection with its *handshake*."""

    @property
    def audio_out_hz(self) -> int:
        """The rate at which `Speech` is to be handed to `messages` now: s16le mono."""

    @property
    def token(self) -> str:
        """The token in the handshake, where the protocol has it there."""

    @property
    def resumes(self) -> str:
        """The session that the client wants to go on with; empty: a new one."""

    def first_message(self, frame: str | bytes) -> str | None:
        """Return the token in the first message, where the protocol has it there; empty: none.

        None: it comes with a later message.
        """

    def opened(self) -> list[Command]:
        """Return the commands that follow from the connection alone."""

    def receive(self, frame: str | bytes, now_ms: int = 0) -> list[Command]:
        """Return the commands in one WebSocket message; any bytes are answered.

        *now_ms* is Unix time, ms, of its arrival.
        """

    def sound(self, frame: str | bytes, now_ms: int = 0) -> list[Command] | None:
        """Return what `receive` would of a short message that is audio; None: it is something else.

        Audio comes many times a second, and is read before all other messages, in the least time.
        """

    @property
    def keeps_back(self) -> bool:
        """Audio that came waits for more, to be understood."""

    def no_more(self) -> list[Command]:
        """Return the commands in what was kept back: nothing more comes."""

    def began(self, session: str, *, resumed: bool = False, heard: str = "") -> list[Json]:
        """Return the messages that tell the client that its session has begun, or goes on.

        *heard*: so much was heard of the response that was cut, and whose rest may follow.
        """

    def ended(self) -> list[Json]:
        """Return the messages that tell the client that its session is over."""

    def messages(self, event: ClientEvent) -> list[Json]:
        """Return *event* in this protocol's messages."""

    def error(self, code: str, message: str, details: str) -> Json | None:
        """Return the message of an error that the door found; None: the protocol has no errors."""

    def stage_close_code(self, stage: FaultyPart) -> int:
        """Return the close code of a connection whose *stage* stays down."""
