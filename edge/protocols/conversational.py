"""The protocol of `/ws`: JSON both ways, base64 WAV, one session after the other."""

from typing import Any

from msgspec import UNSET

from edge.core.messages.client_commands import Audio, Begin, ClientCommand, EndSession, Reply
from edge.core.messages.client_events import (
    CallerTranscript,
    ClientEvent,
    Notice,
    SessionClosed,
    SessionOpened,
    Speech,
    Trouble,
)
from edge.core.messages.inputs import Typed
from edge.protocols.agent_options import AGENT_NAMES, agent_options
from edge.protocols.client_protocol import (
    Admission,
    ClientProtocol,
    Handshake,
    Json,
    failed_stage,
)
from edge.protocols.common_messages import common_message
from edge.protocols.parsing import (
    NotJsonError,
    from_base64,
    parse,
    shown,
    to_base64,
    tool_result,
    typed_text,
)
from edge.protocols.pcm_format import PCM_NAMES, pcm_format
from edge.protocols.session_options import SESSION_NAMES, session_options, unknown_names
from runtime.audio.conversion import AudioReader, write_wav
from runtime.audio.wav import Format, NotAudioError
from schemas import client_messages
from schemas.client_messages import ClientMessage

START_NAMES = SESSION_NAMES | AGENT_NAMES | PCM_NAMES | {"type", "stream", "record"}
"""The fields of `start_conversation`."""


class ConversationalProtocol(ClientProtocol):
    """One connection to `/ws`."""

    name = "conversational"
    admission = Admission(refuses_by_http=True, one_session=False, open_to_strangers=True)

    def __init__(self, handshake: Handshake) -> None:
        self.audio_out_hz = self._rate_hz = handshake.settings.rate_hz
        self.connection = handshake.connection
        self.token = handshake.token
        self._audio: AudioReader | None = None
        """Reads the audio of the open session; None: no session is open."""
        self._form: Format | None = None
        """The format of the audio of the session that was asked for last."""

    # -------------------------------------------------------- from the client

    def opened(self) -> list[ClientCommand]:
        established = client_messages.ConnectionEstablished(
            connection_id=self.connection, message="Connected to Conversational AI"
        )
        return [Reply(established.as_json())]

    def receive(self, raw: str | bytes, now_ms: int = 0) -> list[ClientCommand]:
        """Return the commands in *raw*; a binary one is audio without a header."""
        del now_ms  # each WAV, or the session, names the rate, so arrival times tell nothing
        if isinstance(raw, bytes):
            return self._sound(raw)
        try:
            message = parse(raw)
        except NotJsonError:
            return [_error("Invalid JSON format", "INVALID_JSON")]
        kind = message["type"]
        try:
            return self._commands(kind, message)
        except ValueError as error:
            if kind == "tool_result":
                return [_error(f"Tool result ignored: {error}", "INVALID_TOOL_RESULT")]
            return [_refused(str(error))]

    def _commands(self, kind: str, message: dict[str, Any]) -> list[ClientCommand]:
        """Return the commands in *message* of type *kind*.

        Raises:
            ValueError: it is invalid.
        """
        match kind:
            case "start_conversation":
                return self._start(message)
            case "audio_chunk":
                return self._sound(from_base64(message.get("audio_data")))
            case "end_conversation" | "text" | "tool_result" if self._audio is None:
                return [_no_session()]
            case "text":
                return [Typed(typed_text(message))]
            case "end_conversation":
                return [EndSession(close=False)]
            case "tool_result":
                return [tool_result(message)]
            case _:
                return [_error(f"Unknown message type: {shown(kind)}", "UNKNOWN_TYPE")]

    def _start(self, message: dict[str, Any]) -> list[ClientCommand]:
        """Begin a session; the connection ends an open session first."""
        stream = message.get("stream", False)
        if not isinstance(stream, bool):
            return [_refused("stream must be true or false")]
        changes, wrong = session_options(message)
        form, unheard = pcm_format(message, self._rate_hz)
        agent, unreadable = agent_options(message)
        if wrong := wrong + unheard + unreadable:
            return [_refused(wrong[0])]
        if message.get("record") is True:
            changes["record_audio"] = True
        changes["voice.delivery"] = "sentences" if stream else "whole"
        self._form, self._audio = form, AudioReader(form)
        ignored = [
            _error(f"Option ignored: {name} is no option", "INVALID_OPTION")
            for name in unknown_names(message, START_NAMES)
        ]
        return [Begin(changes, agent=agent.name, variables=agent.variables), *ignored]

    def _sound(self, data: bytes) -> list[ClientCommand]:
        if self._audio is None:
            return [_no_session()]
        try:
            samples, form, begins = self._audio.feed(data)
        except NotAudioError as error:
            return [_refused(f"expected {error}")]
        return [Audio(samples, form, begins)] if samples or begins else []

    # -------------------------------------------------------- to the client

    def messages(self, event: ClientEvent) -> list[Json]:
        message = self._message(event)
        return [message.as_json()] if message else []

    def without_audio(self, message: Json) -> Json:
        return {**message, "audio_data": to_base64(write_wav(b"", self.audio_out_hz))}

    def _message(self, event: ClientEvent) -> ClientMessage | None:
        match event:
            case SessionOpened(session=session):
                # The session before it may have ended after this one was asked for.
                self._audio = self._audio or AudioReader(self._form)
                return client_messages.ConversationStarted(
                    session_id=session, message="Ready to listen"
                )
            case SessionClosed():
                self.forget_session()
                return client_messages.ConversationEnded(message="Conversation ended")
            case CallerTranscript(text=text, final=final, continues=continues):
                return client_messages.Transcript(
                    text=text, is_final=final, turn_detected=final, continues=continues or UNSET
                )
            case Speech(text=text, pcm=pcm):
                wav = write_wav(pcm, self.audio_out_hz)
                return client_messages.AiResponse(text=text, audio_data=to_base64(wav))
            case Trouble(reason=reason):
                return _processing_error(f"{failed_stage(event)}: {reason}")
            case Notice(code=code, message=message, details=details):
                return client_messages.ConversationalError(
                    message=message, code=code, details=details
                )
            case _:
                return common_message(event)

    def forget_session(self) -> None:
        self._audio = None


def _error(message: str, code: str) -> Reply:
    error = client_messages.ConversationalError(message=message, code=code)
    return Reply(error.as_json())


def _no_session() -> Reply:
    return _error("No active conversation session", "NO_SESSION")


def _refused(reason: str) -> Reply:
    return Reply(_processing_error(reason).as_json())


def _processing_error(reason: str) -> ClientMessage:
    message = f"Audio processing error: {reason}"
    return client_messages.ConversationalError(message=message, code="PROCESSING_ERROR")
