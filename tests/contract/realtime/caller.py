"""A Realtime client and its call without a socket or a clock: what it sends, what it is told."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import msgspec
from pydantic import TypeAdapter

from edge.core.messages.client_commands import (
    Ask,
    Audio,
    Begin,
    ClientCommand,
    EndSession,
    PhoneTransfer,
    Reconfigure,
    Reply,
)
from edge.core.messages.client_events import Interrupted, SessionOpened, Speech
from edge.core.messages.effects import Tell
from edge.core.messages.inputs import Reconfigured, ResponseRequested
from edge.protocols.client_protocol import Handshake, Json, ProtocolSettings
from edge.protocols.realtime import RealtimeProtocol
from runtime.audio.conversion import AudioOut
from schemas.session_config import SessionConfig
from schemas.tools import ToolConfig
from tests.unit.edge.core.rehearsal import BEFORE_SETTINGS, Rehearsal

OPERATORS = SessionConfig().but({**BEFORE_SETTINGS, "response.system_prompt": "Be kind."})
"""What the operator has set."""
FRAME = base64.b64encode(bytes(24 * 2 * 20)).decode()
"""20 ms of 24 kHz."""


@cache
def in_openais_form() -> TypeAdapter[Any]:
    """Return what checks all events of a server, as OpenAI's own package has them."""
    from openai.types.realtime.realtime_server_event import (  # noqa: PLC0415  # a second, which each worker of pytest would take to collect
        RealtimeServerEvent,
    )

    return TypeAdapter(RealtimeServerEvent)


class RealtimeCaller:
    """One connection, its call, and everything it was told."""

    def __init__(
        self,
        *,
        connection: str = "conn_0",
        headers: dict[str, str] | None = None,
        models: str = "",
        voices: str = "",
        session: dict[str, Any] | None = None,
        has_tracks: bool = False,
        tools: tuple[ToolConfig, ...] = (),
        **query: str,
    ) -> None:
        shaken = Handshake(
            connection=connection,
            nonce=connection.removeprefix("conn_"),
            query=query,
            headers=headers or {},
            session=session or {},
            has_tracks=has_tracks,
            settings=ProtocolSettings(
                control_messages_per_second=1_000_000,
                models=frozenset(models.split()),
                voices=frozenset(voices.split()),
            ),
        )
        self.protocol = RealtimeProtocol(shaken)
        self.told: list[dict[str, Any]] = []
        self.closed = False
        self.audio: list[Audio] = []
        self.track: list[Speech | Interrupted] = []
        """What went out over the track, beside the messages."""
        self._has_tracks = has_tracks
        self._out = AudioOut(self.protocol.audio_out_hz)
        self._seen = 0
        self._tools = tools
        """The operator's, which its edge offers beside the client's."""
        self._asked: Mapping[str, Any] = {}
        self.config = self._set_to({})
        for command in self.protocol.opened():
            match command:
                case Begin(changes):
                    self._asked = changes
                    self.config = self._set_to(changes)
                case Reply(message):
                    self._tell([message])
                case EndSession():
                    self.closed = True
                case _:
                    raise AssertionError(command)
        self.r = Rehearsal()
        self.r.give(Reconfigured(self.config))
        self._tell(self.protocol.messages(SessionOpened("s_0123456789abcdef")))

    def _set_to(self, changes: Mapping[str, Any]) -> SessionConfig:
        config = OPERATORS.but(changes)
        return msgspec.structs.replace(config, tools=(*config.tools, *self._tools))

    def send(self, event: object) -> None:
        """Send *event*, JSON or anything else."""
        frame = event if isinstance(event, str | bytes) else json.dumps(event)
        self._obey(self.protocol.receive(frame, self.r.now_ms))

    def played(self, turn: int, ms: int, *, ends: bool = False) -> None:
        """So much of a response went out over the track."""
        self._obey(self.protocol.played(turn, ms, ends=ends))

    def _obey(self, commands: list[ClientCommand]) -> None:
        for command in commands:
            match command:
                case Reply(message):
                    self._tell([message])
                case Audio():
                    self.audio.append(command)
                case Reconfigure(changes):
                    self._asked = changes
                    self.config = self._set_to(changes)
                    self.r.give(Reconfigured(self.config))
                case Ask():
                    own = (
                        self._set_to({**self._asked, **command.changes})
                        if command.changes
                        else None
                    )
                    self.r.give(
                        ResponseRequested(
                            command.ask, own, command.messages, command.in_conversation
                        )
                    )
                case EndSession() | Begin() | PhoneTransfer():
                    raise AssertionError(command)
                case _:
                    self.r.give(command)
            self.look()

    def look(self) -> None:
        """Tell the client what the call has told since."""
        for effect in self.r.effects[self._seen :]:
            self._seen += 1
            if not isinstance(effect, Tell):
                continue
            event = effect.event
            if isinstance(event, Interrupted):
                self._out.drop()
            if isinstance(event, Speech):
                if self._out.rate_hz != self.protocol.audio_out_hz:
                    self._out = AudioOut(self.protocol.audio_out_hz)
                event = replace(event, pcm=self._out.feed(event.pcm, more=not event.ends))
            if self._has_tracks and isinstance(event, Speech | Interrupted):
                self.track.append(event)
            self._tell(self.protocol.messages(event))

    def _tell(self, messages: Iterable[Json]) -> None:
        """Take *messages*, each of which has all fields that OpenAI's package requires of it."""
        for message in messages:
            in_openais_form().validate_python(message)
            self.told.append(dict(message))

    # ---- the caller and the stages

    def says(self, ms: int, words: str | None = None) -> None:
        for _ in range(ms // 20):
            self._append()
            self.r.says(20)
            self.look()
        if words is not None:
            self.quiet(160)
            self.r.hears(words)
            self.look()

    def quiet(self, ms: int) -> None:
        for _ in range(ms // 20):
            self._append()
            self.r.quiet(20)
            self.look()

    def _append(self) -> None:
        if self._has_tracks:
            self.send(bytes(48 * 2 * 20))
            return
        self.send({"type": "input_audio_buffer.append", "audio": FRAME})

    def answers(self, *sentences: str, ms: int = 1000) -> None:
        """The model answers the latest turn, and the voice speaks each sentence for *ms*."""
        self.r.answers(*sentences)
        for index in range(len(sentences)):
            self.r.speaks(index, ms)
        self.look()

    def turn(self, words: str, answer: str = "", ms: int = 1000) -> None:
        """Speak a turn; with an *answer* it is heard to its end."""
        self.says(800, words)
        self.quiet(600)
        if answer:
            self.answers(answer, ms=ms)
            self.quiet(ms + 400)

    # ---- what it was told

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.told if message["type"] == kind]

    def last(self, kind: str) -> dict[str, Any]:
        return self.of(kind)[-1]

    @property
    def kinds(self) -> list[str]:
        """The types of all events, deltas of one kind joined, limits left out."""
        kinds: list[str] = []
        for message in self.told:
            kind = message["type"]
            if kind != "rate_limits.updated" and not (kinds and kinds[-1] == kind):
                kinds.append(kind)
        return kinds

    @property
    def errors(self) -> list[str]:
        return [message["error"]["code"] for message in self.of("error")]
