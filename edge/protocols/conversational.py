"""The dialect of `/ws`: JSON both ways, base64 WAV, one conversation after the other, no token."""

from __future__ import annotations

from typing import Any

from edge.core.notices import (
    AnswerDone,
    Begin,
    Delivery,
    Finish,
    Intent,
    Interrupted,
    Measured,
    Notice,
    Reply,
    Sound,
    Speak,
    Trouble,
    Words,
)
from edge.protocols.client_protocol import Json
from edge.protocols.parsing import NotJsonError, from_base64, parse, shown, to_base64
from edge.protocols.turn_options import turn_options
from runtime.audio import Format, NotAudioError, WavStream, resample, write_wav
from schemas.audio import RATE_HZ

LANGUAGE_CHARS = 16


class ConversationalDialect:
    """One connection to `/ws`."""

    name = "conversational"
    named = False
    binary_is_sound = False

    def __init__(self, connection_id: str, *, rate_hz: int = RATE_HZ) -> None:
        self._connection_id = connection_id
        self._rate_hz = rate_hz
        self._audio: WavStream | None = None
        """Open while a conversation is."""

    # -------------------------------------------------------- from the client

    def opened(self) -> list[Json | Intent]:
        return [
            {
                "type": "connection_established",
                "connection_id": self._connection_id,
                "message": "Connected to Conversational AI",
            }
        ]

    def receive(self, frame: str | bytes, now_ms: int = 0) -> list[Intent]:
        """Return what the client asked; a binary frame is raw audio."""
        del now_ms  # each of its WAVs says its own rate
        if isinstance(frame, bytes):
            return self._sound(frame)
        try:
            message = parse(frame)
        except NotJsonError:
            return [_error("Invalid JSON format", "INVALID_JSON")]
        match message["type"]:
            case "start_conversation":
                return self._start(message)
            case "audio_chunk":
                try:
                    return self._sound(from_base64(message.get("audio_data")))
                except ValueError as error:
                    return [_processing_error(str(error))]
            case "end_conversation" if self._audio is not None:
                return [Finish(close=False)]
            case "end_conversation":
                return [_no_session()]
            case other:
                return [_error(f"Unknown message type: {shown(other)}", "UNKNOWN_TYPE")]

    def _start(self, message: dict[str, Any]) -> list[Intent]:
        """Begin; a conversation that is still open is ended first by whoever holds it."""
        stream = message.get("stream", False)
        language = message.get("language")
        if not isinstance(stream, bool):
            return [_processing_error("stream must be true or false")]
        options: dict[str, Any] = {}
        if message.get("record") is True:
            options["record_audio"] = True
        if language is not None:
            if not isinstance(language, str) or not language.isascii():
                return [_processing_error("language must be a code such as en")]
            options["language"] = language[:LANGUAGE_CHARS]
        turns, wrong = turn_options(message)
        if wrong:
            return [_processing_error(wrong[0])]
        options |= turns
        self._audio = WavStream(Format(rate_hz=self._rate_hz))
        return [Begin(Delivery.SENTENCES if stream else Delivery.WHOLE, options)]

    def _sound(self, data: bytes) -> list[Intent]:
        if self._audio is None:
            return [_no_session()]
        try:
            pcm = self._audio.feed(data)
        except NotAudioError as error:
            return [_processing_error(f"expected {error}")]
        return [Sound(pcm)] if pcm else []

    # -------------------------------------------------------- to the client

    def began(self, session: str, *, resumed: bool = False) -> list[Json]:
        del resumed  # this protocol has no way to ask for it
        return [
            {
                "type": "conversation_started",
                "session_id": session,
                "message": "Ready to listen",
            }
        ]

    def ended(self) -> list[Json]:
        self._audio = None
        return [{"type": "conversation_ended", "message": "Conversation ended"}]

    def tell(self, notice: Notice) -> list[Json]:
        match notice:
            case Words(text=text, final=final, turn_ends=turn_ends):
                return [
                    {
                        "type": "transcript",
                        "text": text,
                        "is_final": final,
                        "turn_detected": turn_ends,
                    }
                ]
            case Speak(text=text, pcm=pcm):
                wav = write_wav(resample(pcm, RATE_HZ, self._rate_hz), self._rate_hz)
                return [{"type": "ai_response", "text": text, "audio_data": to_base64(wav)}]
            case Interrupted(heard=heard):
                return [
                    {
                        "type": "ai_interrupted",
                        "message": "AI stopped speaking due to user interruption",
                        "heard": heard,
                    }
                ]
            case Trouble(stage=stage, reason=reason):
                return [_processing_error(f"{stage}: {reason}").message]
            case AnswerDone() | Measured():
                return []


def _error(message: str, code: str) -> Reply:
    return Reply({"type": "error", "message": message, "code": code})


def _no_session() -> Reply:
    return _error("No active conversation session", "NO_SESSION")


def _processing_error(reason: str) -> Reply:
    return _error(f"Audio processing error: {reason}", "PROCESSING_ERROR")
