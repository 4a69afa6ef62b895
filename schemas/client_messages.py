"""The JSON messages of both WebSocket protocols, as types: what docs/protocol.md says in words.

Fields are only added. A client ignores messages and fields that it does not know.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType


class Message(msgspec.Struct, kw_only=True, tag_field="type"):
    """A JSON object with a `type`."""


# ---------------------------------------------------------------- of both, to the client


class AiInterrupted(Message, tag="ai_interrupted"):
    """The caller spoke over the response: drop its audio that is not played yet."""

    message: str
    heard: str
    """What was heard of the response, to the word."""


class ToolCall(Message, tag="tool_call"):
    """The model calls a tool of the client, which answers with `tool_result`."""

    call_id: str
    name: str
    arguments: dict[str, Any]


class ToolCancelled(Message, tag="tool_cancelled"):
    """Nobody waits for the result of this call any more."""

    call_id: str


# ---------------------------------------------------------------- of both, from the client


class Text(Message, tag="text"):
    """A whole turn, typed; it interrupts a response."""

    text: str
    """4000 characters at most."""


class ToolResult(Message, tag="tool_result"):
    """What the client did for a `tool_call`: a result or an error."""

    call_id: str
    result: Any | UnsetType = UNSET
    """Any JSON."""
    error: str | UnsetType = UNSET
    """What went wrong, in words for the model."""


# ---------------------------------------------------------- /ws/voice/continuous, to the client


class Greeting(Message, tag="greeting"):
    """The session has begun, and this is spoken first."""

    text: str
    audio: str
    """A WAV as base64, 16 kHz mono 16-bit; empty: no voice could be had."""
    session: str
    """Its id, to come back to."""


class SessionTold(Message, tag="session"):
    """The session has begun without a greeting, or goes on."""

    session: str
    resumed: bool
    heard: str | UnsetType = UNSET
    """Of the response that was cut with the line and goes on now: so much was heard."""


class UserTranscript(Message, tag="user_transcript"):
    """What the caller said; each word comes in one of these and in no other."""

    text: str
    confidence: float
    """The recogniser's own probability, 0 to 1."""
    continues: bool | UnsetType = UNSET
    """The words go on with the turn of the message before: the caller had only paused."""


class UserTranscriptPartial(Message, tag="user_transcript_partial"):
    """With `partials=1`: the words so far of a caller who still speaks, until the next ones."""

    text: str


class AiAudio(Message, tag="ai_audio"):
    """A sentence of the response, when the one before it has been played."""

    text: str
    audio: str
    """A WAV as base64, 16 kHz mono 16-bit; empty: no voice could be had."""


class AiAudioChunk(Message, tag="ai_audio_chunk"):
    """A piece of the response, with `audio=chunks`, a little ahead of the ear."""

    text: str
    """The texts of a response joined are its words."""
    audio: str
    """A WAV as base64, 16 kHz mono 16-bit; empty: no voice could be had."""
    is_complete: bool
    """It is the last one of its response."""


class AiComplete(Message, tag="ai_complete"):
    """All of the response has been sent."""

    full_response: str
    model_used: str
    response_time: float
    """From the end of speech to the first audio sent, s."""
    cost: float
    """USD, of the model's tokens; 0: a local model, or one without a price."""


class Pong(Message, tag="pong"):
    """Answers a `ping`."""

    timestamp: str | int | float | None
    """As it was sent."""


class ContinuousError(Message, tag="error"):
    """Something went wrong; unless the connection is then closed, the call goes on."""

    message: str
    code: str
    details: str


# ---------------------------------------------------------- /ws/voice/continuous, from the client


class Ping(Message, tag="ping"):
    """Asks for a `pong`."""

    timestamp: str | int | float | UnsetType = UNSET


class Interrupt(Message, tag="interrupt"):
    """The response stops as if it had been spoken over."""


class EndCall(Message, tag="end_call"):
    """Ends the session; the connection is closed with 1000."""


# ---------------------------------------------------------- /ws, to the client


class ConnectionEstablished(Message, tag="connection_established"):
    """The connection is there."""

    connection_id: str
    message: str


class ConversationStarted(Message, tag="conversation_started"):
    """A session has begun."""

    session_id: str
    message: str


class ConversationEnded(Message, tag="conversation_ended"):
    """The session is over; the connection stays for another."""

    message: str


class Transcript(Message, tag="transcript"):
    """The caller's words so far, or those of a whole turn."""

    text: str
    is_final: bool
    turn_detected: bool
    continues: bool | UnsetType = UNSET
    """The words go on with the turn of the final transcript before."""


class AiResponse(Message, tag="ai_response"):
    """A response, or one sentence of it with `stream`."""

    text: str
    audio_data: str
    """A WAV as base64, 16 kHz mono 16-bit."""


class ConversationalError(Message, tag="error"):
    """Something went wrong; unless the connection is then closed, it goes on."""

    message: str
    code: str
    details: str | UnsetType = UNSET


# ---------------------------------------------------------- /ws, from the client


class AudioChunk(Message, tag="audio_chunk"):
    """Sound of the caller."""

    audio_data: str
    """Base64 of a WAV, of a part of one, or of PCM."""


class EndConversation(Message, tag="end_conversation"):
    """Ends the session."""
