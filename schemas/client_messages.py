"""The JSON messages of both WebSocket protocols, as types; docs/protocol.md describes them.

Fields are only added. A client ignores messages and fields that it does not know.
"""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType


class ClientMessage(msgspec.Struct, kw_only=True, tag_field="type"):
    """A JSON object with a `type`."""

    def as_json(self) -> dict[str, Any]:
        """Return the message as a dictionary, without its unset fields."""
        fields: dict[str, Any] = msgspec.to_builtins(self)
        return fields


# ---------------------------------------------------------------- of both, to the client


class AiInterrupted(ClientMessage, tag="ai_interrupted"):
    """The caller interrupted the response: drop its audio that is not played yet."""

    message: str
    heard: str
    """The words of the response that were heard."""


class ToolCallMessage(ClientMessage, tag="tool_call"):
    """The model calls a tool of the client; the client answers with `tool_result`."""

    call_id: str
    name: str
    arguments: dict[str, Any]


class ToolCancelled(ClientMessage, tag="tool_cancelled"):
    """The result of this tool call is no longer needed."""

    call_id: str


# ---------------------------------------------------------------- of both, from the client


class Text(ClientMessage, tag="text"):
    """A typed turn; it interrupts a response."""

    text: str
    """4000 characters at most."""


class ToolResult(ClientMessage, tag="tool_result"):
    """The client's answer to a `tool_call`: a result or an error."""

    call_id: str
    result: Any | UnsetType = UNSET
    """Any JSON."""
    error: str | UnsetType = UNSET
    """The reason of the failure, in words for the model."""


# ---------------------------------------------------------- /ws/voice/continuous, to the client


class Greeting(ClientMessage, tag="greeting"):
    """The session has begun; this greeting is spoken first."""

    text: str
    audio: str
    """A WAV as base64, 16 kHz mono 16-bit; empty if no voice was available."""
    session: str
    """The id of the session, by which the client can resume it."""


class SessionTold(ClientMessage, tag="session"):
    """The session has begun without a greeting, or was resumed."""

    session: str
    resumed: bool
    heard: str | UnsetType = UNSET
    """The words already heard of the response that the lost connection cut and that continues
    now."""


class UserTranscript(ClientMessage, tag="user_transcript"):
    """Words of the caller; each word comes in exactly one of these messages."""

    text: str
    confidence: float
    """The recogniser's own probability, 0 to 1."""
    continues: bool | UnsetType = UNSET
    """The words continue the turn of the previous message: the caller had only paused."""


class UserTranscriptPartial(ClientMessage, tag="user_transcript_partial"):
    """With `partials=1`: the words so far of a caller who speaks, until the next message."""

    text: str


class AiAudio(ClientMessage, tag="ai_audio"):
    """A sentence of the response, sent when the previous sentence has been played."""

    text: str
    audio: str
    """A WAV as base64, 16 kHz mono 16-bit; empty if no voice was available."""


class AiAudioChunk(ClientMessage, tag="ai_audio_chunk"):
    """With `audio=chunks`: a piece of the response, sent a little before it is to be played."""

    text: str
    """The words of this piece; all texts of a response, joined, are its words."""
    audio: str
    """A WAV as base64, 16 kHz mono 16-bit; empty if no voice was available."""
    is_complete: bool
    """Whether it is the last piece of its response."""


class AiComplete(ClientMessage, tag="ai_complete"):
    """All of the response has been sent."""

    full_response: str
    model_used: str
    response_time: float
    """Seconds from the end of speech to the first audio sent."""
    cost: float
    """Price of the model's tokens, USD; 0 for a local model or one without a price."""


class SessionEvent(ClientMessage, tag="event"):
    """With `events=1`: what happens in the client's own session, as it happens."""

    event: str
    at_ms: int
    """Unix time, ms, on the edge's clock."""
    data: dict[str, Any]


class Pong(ClientMessage, tag="pong"):
    """Answers a `ping`."""

    timestamp: str | int | float | None
    """The timestamp of the `ping`."""


class ContinuousError(ClientMessage, tag="error"):
    """An error; the call goes on unless the connection is closed after it."""

    message: str
    code: str
    details: str


# ---------------------------------------------------------- /ws/voice/continuous, from the client


class Ping(ClientMessage, tag="ping"):
    """Asks for a `pong`."""

    timestamp: str | int | float | UnsetType = UNSET


class InterruptMessage(ClientMessage, tag="interrupt"):
    """Interrupts the response, as speech over it would."""


class EndCall(ClientMessage, tag="end_call"):
    """Ends the session; the connection is closed with 1000."""


# ---------------------------------------------------------- /ws, to the client


class ConnectionEstablished(ClientMessage, tag="connection_established"):
    """The connection is open."""

    connection_id: str
    message: str


class ConversationStarted(ClientMessage, tag="conversation_started"):
    """A session has begun."""

    session_id: str
    message: str


class ConversationEnded(ClientMessage, tag="conversation_ended"):
    """The session is over; the connection stays open for another one."""

    message: str


class Transcript(ClientMessage, tag="transcript"):
    """The caller's words so far, or the words of a whole turn."""

    text: str
    is_final: bool
    turn_detected: bool
    continues: bool | UnsetType = UNSET
    """The words continue the turn of the previous final transcript."""


class AiResponse(ClientMessage, tag="ai_response"):
    """A response, or one sentence of it with `stream`."""

    text: str
    audio_data: str
    """A WAV as base64, 16 kHz mono 16-bit."""


class ConversationalError(ClientMessage, tag="error"):
    """An error; the session goes on unless the connection is closed after it."""

    message: str
    code: str
    details: str | UnsetType = UNSET


# ---------------------------------------------------------- /ws, from the client


class AudioChunk(ClientMessage, tag="audio_chunk"):
    """Sound of the caller."""

    audio_data: str
    """Base64 of a WAV, of a part of a WAV, or of PCM."""


class EndConversation(ClientMessage, tag="end_conversation"):
    """Ends the session."""
