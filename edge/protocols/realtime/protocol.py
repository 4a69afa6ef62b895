"""The protocol of `/v1/realtime`: OpenAI's Realtime API in its general (GA) form.

An invalid client event is answered by an `error`, and the session goes on. `server_events.py` turns
client events into server events.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from edge.core.messages.client_commands import (
    Audio,
    Begin,
    ClientCommand,
    EndSession,
    Reconfigure,
    Reply,
)
from edge.core.messages.client_events import ClientEvent, Notice, ResponseStarted, SessionOpened
from edge.core.messages.inputs import Cancelled, Played, TurnDiscarded, TurnEnded
from edge.protocols.agent_options import AGENT_NAMES, agent_options
from edge.protocols.client_protocol import Admission, ClientProtocol, Handshake, Json
from edge.protocols.parsing import clean, from_base64
from edge.protocols.realtime.client_secret import claimed_session
from edge.protocols.realtime.item_requests import ItemRequests
from edge.protocols.realtime.limits import EventLimit
from edge.protocols.realtime.reading import appended, parsed
from edge.protocols.realtime.response_requests import ResponseRequests
from edge.protocols.realtime.server_events import ServerEvents
from edge.protocols.realtime.session_object import SessionObject
from edge.protocols.realtime.session_update import updated
from edge.protocols.realtime.wire import (
    SERVER_ERROR,
    Ids,
    RequestError,
    invalid_value,
    unknown_value,
)
from edge.protocols.session_options import unknown_names
from runtime.audio.wav import Format
from runtime.settings.fields import listed
from schemas.audio import RATE_HZ
from schemas.session_config import VOICE_NAME
from schemas.subjects import is_token

VOICE, ANY_VOICE = re.compile(VOICE_NAME), "*"
SUBPROTOCOL = "realtime"
KEY_SUBPROTOCOL = "openai-insecure-api-key."
OWN_NAMES = AGENT_NAMES | {"model", "intent", "greeting", "record", "session", "resume_key"}
QUERY_NAMES = OWN_NAMES | {"api-version", "deployment"}
"""The known names in the query; the last two are those of Azure's clients."""
LEAST_COMMIT_MS = 100
MOST_REALTIME_MESSAGE_BYTES = 16 * 1024 * 1024
OF_TRACKS = Format(rate_hz=48_000)
"""The format of audio from a WebRTC track, which is already decoded."""


class RealtimeProtocol(ClientProtocol):
    """One connection to `/v1/realtime`, or one call over WebRTC."""

    name = "realtime"
    admission = Admission(  # EventLimit limits commands, with other limits
        subprotocols=(SUBPROTOCOL,),
        most_message_bytes=MOST_REALTIME_MESSAGE_BYTES,
    )

    def __init__(self, handshake: Handshake) -> None:
        """Take the query and the client secret; invalid parts are reported and ignored."""
        query, headers = handshake.query, handshake.headers
        self.connection = handshake.connection
        offered = listed(headers.get("sec-websocket-protocol", ""))
        keys = [name for name in offered if name.startswith(KEY_SUBPROTOCOL)]
        key = keys[0].removeprefix(KEY_SUBPROTOCOL) if keys else ""
        self.token = handshake.bearer or key
        session = query.get("session", "")
        self.resumes = session if is_token(session) else ""
        self._is_beta = "realtime=v1" in headers.get("openai-beta", "") or (
            "openai-beta.realtime-v1" in offered
        )
        self._has_tracks = handshake.has_tracks
        self._handshake = handshake
        self._ids = Ids(handshake.nonce)
        self._limit = EventLimit(handshake.settings.control_messages_per_second)
        self._events = ServerEvents(self._ids, SessionObject(), has_tracks=handshake.has_tracks)
        self.items = ItemRequests(self._events)
        self.responses = ResponseRequests(self._events)
        self._utterances = self._events.utterances
        self._set(self._session)
        self._uncommitted_ms = 0.0
        """Audio that was appended since the last commit, ms."""

    @property
    def _session(self) -> SessionObject:
        return self._events.session

    def _set(self, session: SessionObject) -> None:
        self._events.session = session
        self._input = session.input_format.samples
        # a track takes the call's own rate
        self.audio_out_hz = RATE_HZ if self._has_tracks else session.output_format.rate_hz

    # -------------------------------------------------------- from the client

    def opened(self) -> list[ClientCommand]:
        if self._is_beta:
            reason = (
                "The Realtime beta is not supported: leave the header or subprotocol of the beta "
                "out, and use the events of the GA version."
            )
            error = RequestError("beta_api_shape_disabled", reason)
            return [self._refuse(error, None), EndSession(close=True)]
        wrong: list[ClientCommand] = []
        query_patch: dict[str, Any] = {}
        if self._handshake.query.get("intent") == "transcription":
            query_patch["type"] = "transcription"
        if model := self._handshake.query.get("model"):
            query_patch["model"] = clean(model[:128])
        for patch in (query_patch, claimed_session(self.token), dict(self._handshake.session)):
            try:
                self._set(updated(self._session, patch))
            except RequestError as error:
                wrong.append(self._refuse(error, None))
        agent, unreadable = agent_options(self._handshake.query)
        unreadable += self._handshake.wrong_resume_key
        wrong += [self._refuse(RequestError("invalid_value", why), None) for why in unreadable]
        for name in unknown_names(self._handshake.query, QUERY_NAMES):
            unknown = RequestError("unknown_parameter", f"Unknown parameter: '{name}'.", name)
            wrong.append(self._refuse(unknown, None))
        begin = Begin(
            self._changes(),
            greeting=self._handshake.query.get("greeting") == "1",
            agent=agent.name,
            agent_hint=self._session.model or "",
            variables=agent.variables,
        )
        return [begin, *wrong]

    def _changes(self) -> dict[str, Any]:
        """Return the session's changes of the operator's configuration."""
        model, changes = self._session.model, self._session.changes
        if model and model in self._handshake.settings.models:
            changes["response.model"] = model
        voice = self._session.voice
        if VOICE.fullmatch(voice) and self._handshake.settings.voices & {voice, ANY_VOICE}:
            changes["voice.name"] = voice
        if self._handshake.query.get("record") == "1":
            changes["record_audio"] = True
        return changes

    def receive(self, raw: str | bytes, now_ms: int = 0) -> list[ClientCommand]:
        event_id = None
        try:
            if isinstance(raw, bytes):
                if self._has_tracks:
                    return self._sound(raw, OF_TRACKS)
                reason = (
                    "Binary messages are not read: send audio with 'input_audio_buffer.append'."
                )
                raise RequestError("invalid_value", reason)
            message = parsed(raw)
            event_id = message.get("event_id")
            kind = message["type"]
            if kind == "input_audio_buffer.append":
                return self._append(message)
            if not self._limit.takes(now_ms):
                reason = (
                    "Too many events: AURA_CONTROL_MESSAGES_PER_SECOND is the operator's limit."
                )
                raise RequestError("rate_limit_exceeded", reason)
            if kind not in EVENTS:
                raise unknown_value("type", kind, tuple(EVENTS))
            return EVENTS[kind](self, message)
        except RequestError as error:
            return [self._refuse(error, event_id)]

    def receive_audio(self, raw: str | bytes, now_ms: int = 0) -> list[ClientCommand] | None:
        del now_ms
        if isinstance(raw, bytes):
            return self._sound(raw, OF_TRACKS) if self._has_tracks else None
        data = None if self._has_tracks else appended(raw)
        return None if data is None else self._sound(data, self._input)

    def _refuse(self, error: RequestError, event_id: object) -> Reply:
        return Reply(self._ids.error(error, event_id))

    def _update(self, message: Mapping[str, Any]) -> list[ClientCommand]:
        self._set(updated(self._session, message.get("session")))
        now = self._session.as_json(self._events.conversation)
        return [Reconfigure(self._changes()), self._ids.reply("session.updated", session=now)]

    # ---- audio

    def _append(self, message: Mapping[str, Any]) -> list[ClientCommand]:
        if self._has_tracks:
            reason = (
                "'input_audio_buffer.append' is of WebSockets; here, sound comes over the track."
            )
            raise RequestError("invalid_value", reason, "type")
        try:
            data = from_base64(message.get("audio"))
        except ValueError:
            raise invalid_value("audio", "expected base64-encoded audio.") from None
        return self._sound(data, self._input)

    def _sound(self, data: bytes, form: Format) -> list[ClientCommand]:
        ms = len(data) * 1000 / form.bytes_per_second
        self._utterances.appended_ms += ms
        self._uncommitted_ms += ms
        return [Audio(data, form)] if data else []

    def _commit(self) -> list[ClientCommand]:
        waits = self._session.is_manual or self._utterances.is_open
        ms = self._uncommitted_ms
        if not waits or (self._session.is_manual and ms < LEAST_COMMIT_MS):
            reason = (
                "Error committing input audio buffer: buffer too small. Expected at least "
                f"{LEAST_COMMIT_MS}ms of audio that no turn has taken, and it has {ms:.2f}ms."
            )
            raise RequestError("input_audio_buffer_commit_empty", reason)
        self._uncommitted_ms = 0.0
        return [TurnEnded()]

    def _clear(self) -> list[ClientCommand]:
        self._uncommitted_ms = 0.0
        return [TurnDiscarded(), self._ids.reply("input_audio_buffer.cleared")]

    def _clear_output(self) -> list[ClientCommand]:
        if not self._has_tracks:
            reason = (
                "'output_audio_buffer.clear' is of WebRTC; here, cancel the response and truncate."
            )
            raise RequestError("invalid_value", reason, "type")
        if not self._events.output.is_playing:
            return []
        if response := self._events.open:
            response.is_cancelled = True
        return [Cancelled()]

    def played(self, turn: int, played_ms: int, ends: bool) -> list[ClientCommand]:
        """Return the commands and messages after part of a response was played over the track.

        *ends*: the whole response was played.
        """
        stopped = self._events.output.stopped(turn) if ends else []
        return [Played(turn, played_ms), *(Reply(message) for message in stopped)]

    # -------------------------------------------------------- to the client

    def messages(self, event: ClientEvent) -> list[Json]:
        match event:
            case SessionOpened(session=session):
                self._events.conversation = session
                now = self._session.as_json(session)
                return [self._ids.event("session.created", session=now)]
            case Notice(code=code, message=message, details=details):
                error = RequestError(code.lower(), f"{message}: {details}")
                return [self._ids.error(error, None, SERVER_ERROR)]
            case ResponseStarted():
                return [*self._events.messages(event), self._limit.as_event(self._ids)]
            case _:
                return self._events.messages(event)

    def without_audio(self, message: Json) -> Json | None:
        return None if message["type"] == "response.output_audio.delta" else message

    def audio_dropped(self, turn: int, audio_ms: int) -> None:
        if item := self._events.items.spoken_in(turn):  # it is not truncated beyond what was sent
            item.sent_ms = max(0, item.sent_ms - audio_ms)


Handler = Callable[[RealtimeProtocol, Mapping[str, Any]], list[ClientCommand]]
EVENTS: Mapping[str, Handler] = {
    "session.update": RealtimeProtocol._update,
    "input_audio_buffer.append": RealtimeProtocol._append,
    "input_audio_buffer.commit": lambda protocol, _: protocol._commit(),
    "input_audio_buffer.clear": lambda protocol, _: protocol._clear(),
    "output_audio_buffer.clear": lambda protocol, _: protocol._clear_output(),
    "conversation.item.create": lambda protocol, message: protocol.items.create(message),
    "conversation.item.delete": lambda protocol, message: protocol.items.delete(message),
    "conversation.item.retrieve": lambda protocol, message: protocol.items.retrieve(message),
    "conversation.item.truncate": lambda protocol, message: protocol.items.truncate(message),
    "response.create": lambda protocol, message: protocol.responses.create(message),
    "response.cancel": lambda protocol, message: protocol.responses.cancel(message),
}
"""The handlers of all eleven client events."""
