"""The protocol of `/ws/voice/continuous`: PCM up, JSON down, a token, one session a connection."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec
from msgspec import UNSET

from edge.core.messages.client_commands import Audio, Begin, ClientCommand, EndSession, Reply
from edge.core.messages.client_events import (
    CallerTranscript,
    ClientEvent,
    Happened,
    Measured,
    Notice,
    ResponseDone,
    SessionOpened,
    Speech,
    Trouble,
)
from edge.core.messages.inputs import Cancelled, Typed
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
    clean,
    parse,
    shown,
    to_base64,
    tool_result,
    typed_text,
)
from edge.protocols.pcm_format import PCM_NAMES, pcm_format
from edge.protocols.sample_rate_detection import SampleRateDetector
from edge.protocols.session_events import event_messages
from edge.protocols.session_options import SESSION_NAMES, session_options, unknown_names
from runtime.audio.conversion import AudioReader, write_wav
from runtime.audio.wav import Format, NotAudioError
from runtime.prices import cost_usd
from schemas import client_messages
from schemas.client_messages import ClientMessage
from schemas.events import StageOrAudio, TurnMeasured, own_fields
from schemas.subjects import is_token

ERRORS: Mapping[StageOrAudio, tuple[str, str, int]] = {
    # by stage: message, error code, close code if the stage stays down
    "audio": ("Audio processing failed", "AUDIO_ERROR", 4001),
    "stt": ("Speech-to-text failed", "STT_ERROR", 4002),
    "llm": ("Language model error", "LLM_ERROR", 4003),
    "tts": ("Text-to-speech failed", "TTS_ERROR", 4004),
}
SWITCHES: Mapping[str, tuple[str, ...]] = {
    "audio": ("chunks", "sentences"),
    "partials": ("0", "1"),
    "metrics": ("0", "1"),
    "events": ("0", "1"),
    "greeting": ("0", "1"),
    "record": ("0", "1"),
}
"""Names in the query and their allowed values."""
OPTION_NAMES = (
    SESSION_NAMES | AGENT_NAMES | PCM_NAMES | SWITCHES.keys() | {"token", "session", "resume_key"}
)
PAGE_WAIT_MS = 5000
"""The longest wait of the greeting, ms, for a page that still asks the user for the microphone."""
MOST_TIMESTAMP_CHARS = 256
KNOWN_TYPES = (
    "the types are end_call, interrupt, ping, text and tool_result; audio is sent as binary frames"
)


class ContinuousProtocol(ClientProtocol):
    """One connection to `/ws/voice/continuous`."""

    name = "continuous"
    admission = Admission(
        limits_commands=True,
        stage_close_codes={stage: code for stage, (_, _, code) in ERRORS.items()},
    )

    def __init__(self, handshake: Handshake) -> None:
        """Take the options in the query; invalid options are reported and ignored."""
        query = handshake.query
        self.connection = handshake.connection
        self.audio_out_hz = handshake.settings.rate_hz
        self.token = handshake.token
        session = query.get("session", "")
        self.resumes = session if is_token(session) else ""
        self._prices = handshake.settings.prices
        self._pcm, wrong = pcm_format(query, handshake.settings.rate_hz)
        self._audio = AudioReader(self._pcm)
        said = "rate" in query and not any(line.startswith("rate ") for line in wrong)
        self._detector = (
            SampleRateDetector(self._pcm.rate_hz, self._pcm.frame_bytes)
            if handshake.is_page and not said
            else None
        )
        self._chunks = query.get("audio") == "chunks"
        self._partials = query.get("partials") == "1"
        self._metrics = query.get("metrics") == "1"
        self._events = query.get("events") == "1"
        self._greeting = query.get("greeting") != "0"
        self._changes, self._ignored = session_options(query)
        if query.get("record") == "1":
            self._changes["record_audio"] = True
        if self._detector:
            self._changes["response.greeting_wait_ms"] = PAGE_WAIT_MS
        self._changes["voice.delivery"] = "chunks" if self._chunks else "sentences"
        self._agent, unreadable = agent_options(query)
        self._ignored += [
            *wrong,
            *unreadable,
            *handshake.wrong_resume_key,
            *_invalid_options(query),
        ]
        self._session = ""

    # -------------------------------------------------------- from the client

    def opened(self) -> list[ClientCommand]:
        ignored = [_error("Option ignored", "INVALID_OPTION", why) for why in self._ignored]
        agent = self._agent
        begin = Begin(
            self._changes, self._greeting, agent.name, agent.variables, events=self._events
        )
        return [begin, *ignored]

    def receive(self, raw: str | bytes, now_ms: int = 0) -> list[ClientCommand]:
        if isinstance(raw, bytes):
            return self._sound(raw, now_ms)
        try:
            message = parse(raw)
        except NotJsonError:
            return [_error("Invalid JSON format", "INVALID_JSON", "a JSON object with a type")]
        match message["type"]:
            case "ping":
                timestamp = _safe_timestamp(message.get("timestamp"))
                return [Reply(client_messages.Pong(timestamp=timestamp).as_json())]
            case "text":
                try:
                    return [Typed(typed_text(message))]
                except ValueError as error:
                    return [_error("Text ignored", "INVALID_TEXT", str(error))]
            case "tool_result":
                try:
                    return [tool_result(message)]
                except ValueError as error:
                    return [_error("Tool result ignored", "INVALID_TOOL_RESULT", str(error))]
            case "interrupt":
                return [Cancelled()]
            case "end_call":
                return [EndSession(close=True)]
            case other:
                return [
                    _error(f"Unknown message type: {shown(other)}", "UNKNOWN_TYPE", KNOWN_TYPES)
                ]

    def receive_audio(self, raw: str | bytes, now_ms: int = 0) -> list[ClientCommand] | None:
        return self._sound(raw, now_ms) if isinstance(raw, bytes) else None

    def _sound(self, raw: bytes, now_ms: int) -> list[ClientCommand]:
        try:
            data, form, begins = self._audio.feed(raw)
        except NotAudioError as error:
            return [_error(*ERRORS["audio"][:2], f"expected {error}")]
        if self._audio.is_raw:
            if self._detector:
                data, begins = self._detector.feed(data, now_ms)
            form = self._pcm_now
        return [Audio(data, form, begins)] if data or begins else []

    @property
    def keeps_back(self) -> bool:
        return self._detector is not None and self._detector.keeps_back

    def flush_audio(self) -> list[ClientCommand]:
        detector = self._detector
        return [Audio(detector.give_up(), self._pcm_now)] if detector and self.keeps_back else []

    @property
    def _pcm_now(self) -> Format:
        """The format of samples, as far as it is known."""
        found_hz = self._detector.rate_hz if self._detector else None
        return replace(self._pcm, rate_hz=found_hz) if found_hz else self._pcm

    # -------------------------------------------------------- to the client

    def messages(self, event: ClientEvent) -> list[Json]:
        match event:
            case Measured(waterfall=waterfall):
                return [_waterfall(waterfall)] if self._metrics else []
            case Happened(event=happened):
                return event_messages(happened)
            case _:
                message = self._message(event)
                return [message.as_json()] if message else []

    def without_audio(self, message: Json) -> Json:
        return {**message, "audio": ""}

    def _message(self, event: ClientEvent) -> ClientMessage | None:
        match event:
            case SessionOpened():
                return self._session_opened(event)
            case CallerTranscript(text=text, final=True, continues=continues) as said:
                return client_messages.UserTranscript(
                    text=text, confidence=round(said.confidence, 2), continues=continues or UNSET
                )
            case CallerTranscript(text=text):
                partial = client_messages.UserTranscriptPartial(text=text)
                return partial if self._partials else None
            case Speech():
                return self._spoken(event)
            case ResponseDone():
                return self._done(event)
            case Trouble(reason=reason):
                message, code, _ = ERRORS[failed_stage(event)]
                return client_messages.ContinuousError(message=message, code=code, details=reason)
            case Notice(code=code, message=message, details=details):
                return client_messages.ContinuousError(message=message, code=code, details=details)
            case _:
                return common_message(event)

    def _session_opened(self, opened: SessionOpened) -> ClientMessage | None:
        """Return the message with the session's id, or None if the greeting will have it."""
        self._session = opened.session
        if self._greeting and not opened.resumed:
            return None
        return client_messages.SessionTold(
            session=opened.session, resumed=opened.resumed, heard=opened.heard or UNSET
        )

    def _done(self, done: ResponseDone) -> ClientMessage:
        tokens = (done.prompt_tokens, done.completion_tokens)
        return client_messages.AiComplete(
            full_response=done.text,
            model_used=done.model,
            response_time=round(done.response_s, 3),
            cost=cost_usd(done.model, *tokens, self._prices),
        )

    def _spoken(self, speech: Speech) -> ClientMessage:
        text = speech.text
        audio = to_base64(write_wav(speech.pcm, self.audio_out_hz)) if speech.pcm else ""
        if speech.turn == 0:
            return client_messages.Greeting(text=text, audio=audio, session=self._session)
        if not self._chunks:
            return client_messages.AiAudio(text=text, audio=audio)
        return client_messages.AiAudioChunk(text=text, audio=audio, is_complete=speech.ends)


def _waterfall(measured: TurnMeasured) -> Json:
    return {**own_fields(msgspec.to_builtins(measured)), "type": "turn_metrics"}


def _safe_timestamp(timestamp: Any) -> str | int | float | None:
    """Return a client's timestamp in a form that is safe to send back."""
    if isinstance(timestamp, str):
        return clean(timestamp[:MOST_TIMESTAMP_CHARS])
    return timestamp if isinstance(timestamp, int | float) else None


def _invalid_options(query: Mapping[str, str]) -> list[str]:
    """Return one line for each unknown name in the query and each invalid value."""
    wrong = [f"{name} is no option" for name in unknown_names(query, OPTION_NAMES)]
    for name, values in SWITCHES.items():
        if query.get(name, values[0]) not in values:
            wrong.append(f"{name} must be {' or '.join(values)}")
    return wrong


def _error(message: str, code: str, details: str) -> Reply:
    error = client_messages.ContinuousError(message=message, code=code, details=details)
    return Reply(error.as_json())
