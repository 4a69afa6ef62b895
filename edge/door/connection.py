"""One WebSocket: a client protocol on one side, a session on the bus on the other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import msgspec
import structlog
from aiohttp import WSMsgType

from edge.call import counters
from edge.call.clock import now_ms
from edge.call.first_events import FirstEvents
from edge.call.recording_writer import RecordingWriter
from edge.call.session_shell import SessionShell
from edge.call.speech_model import SileroModel
from edge.core.call import Call
from edge.core.client_commands import Audio, Begin, Command, End, Reply
from edge.core.client_events import ClientEvent, Interrupted, Speech, Trouble
from edge.core.hearing.caller_audio import CallerAudio
from edge.core.inputs import FromClient, Resumed, Started, Typed
from edge.core.session.history import History
from edge.door.auth import Caller
from edge.door.client_sender import ClientSender
from edge.door.rate_limits import TokenBucket
from edge.door.strict_websocket import StrictWebSocket
from edge.protocols.client_protocol import ClientProtocol, CloseCode, Json
from runtime.audio import AudioIn, AudioOut, NotAudioError
from runtime.bus.connection import Bus
from runtime.redaction import Redaction
from schemas.events import EndReason
from schemas.session_config import SessionConfig
from schemas.tools import ToolConfig

log = structlog.get_logger(__name__)

T = TypeVar("T")
NO_MORE_S = 2.5
"""A network may stall for so long and go on; after it, nothing more comes."""
LEAVES_S = 2.0
"""A caller who leaves waits so long for the last events to be stored ..."""
STORED_S = 15.0
"""... and the edge so long: an election of the log's leader takes up to ten seconds."""


@dataclass(frozen=True, slots=True)
class Close:
    """How a connection closes, and why the session ends that it holds."""

    code: int
    reason: str
    ends: EndReason


LEFT = Close(CloseCode.NORMAL, "", "caller_left")


@dataclass(frozen=True)
class Host:
    """What a connection needs of the edge it is on."""

    bus: Bus
    edge: str
    config: SessionConfig
    """The operator's, of a session that asks for nothing else."""
    greeting: str
    commands_per_second: int
    speech_model: SileroModel | None
    cancel_echo: bool
    redaction: Redaction
    """Of what is typed; what is said is masked where it is recognised."""
    sessions: asyncio.TaskGroup
    """Where sessions run: one whose caller has left still stores its last events."""
    tools: Callable[[str], tuple[ToolConfig, ...]]
    """What a tenant's sessions are offered where their configuration names no tools."""


class Connection:
    """A client's connection, and the sessions it holds one after the other."""

    def __init__(
        self,
        ws: StrictWebSocket,
        protocol: ClientProtocol,
        host: Host,
        caller: Caller,
        new_session: Callable[[], str],
        history: History | None = None,
    ) -> None:
        """Serve *caller*; *history* is that of the session that the first one goes on with."""
        self._ws = ws
        self._protocol = protocol
        self._host = host
        self._caller = caller
        self._new_session = new_session
        self._history = history
        self._shell: SessionShell | None = None
        self._running: asyncio.Task[None] | None = None
        self._audio_in = AudioIn()
        self._audio_out = AudioOut(protocol.audio_out_hz)
        self._outgoing = ClientSender(ws, self._too_slow)
        self._kept_back: asyncio.TimerHandle | None = None
        self._close: Close | None = None
        self._wake = asyncio.Event()
        often = host.commands_per_second
        self._commands = TokenBucket(often, often)

    async def run(self) -> None:
        """Serve the client until it leaves, is sent away, or its session breaks."""
        try:
            async with asyncio.TaskGroup() as tasks:
                writer = tasks.create_task(self._outgoing.run())
                reader = tasks.create_task(self._read())
                leaver = tasks.create_task(self._wake.wait())
                await asyncio.wait({reader, leaver}, return_when=asyncio.FIRST_COMPLETED)
                await self._end_session((self._close or LEFT).ends)
                reader.cancel()
                leaver.cancel()
                self._outgoing.close()
                await asyncio.wait({writer}, timeout=2)
                writer.cancel()
        finally:
            if self._kept_back:
                self._kept_back.cancel()
            self._let_go()  # of a session that is left where we were cancelled
            close = self._close or LEFT
            await self._ws.close(code=close.code, message=close.reason.encode())

    @property
    def busy(self) -> bool:
        """A response is under way."""
        return self._shell is not None and self._shell.call.responding

    async def leave(self, reason: str) -> None:
        """End the session, then send the client away."""
        await self._end_session("drained")
        self.come_back(reason)

    def come_back(self, reason: str) -> None:
        """Close with a code that says: the client may reconnect at once, to any edge."""
        self._shut(CloseCode.SERVICE_RESTART, reason, ends="drained")

    def expire(self) -> None:
        """Close where the token has ended; with a new one the client may go on with the session."""
        self._shut(CloseCode.POLICY_VIOLATION, "Token expired", ends="drained")

    def _shut(self, code: int, reason: str, *, ends: EndReason = "failed") -> None:
        """Close the connection; the first to ask for it says how."""
        self._close = self._close or Close(code, reason, ends)
        self._wake.set()

    def hang_up(self) -> None:
        """End the session as the client's own word would; a connection of one session closes."""
        ends = End(close=self._protocol.admission.one_session)
        self._host.sessions.create_task(self._obey([ends]))

    def taken_over(self) -> None:
        self._shut(CloseCode.NORMAL, "the session goes on over another connection")

    def _too_slow(self) -> None:
        self._shut(CloseCode.TRY_AGAIN_LATER, "the client reads too slowly")

    def broken(self) -> None:
        self._shut(CloseCode.INTERNAL_ERROR, "Internal server error")

    # -------------------------------------------------------- from the client

    async def _read(self) -> None:
        try:
            await self._obey(self._protocol.opened())
            if self._protocol.binary_is_audio:
                self._ws.on_binary = self._hear
            async for message in self._ws:
                if message.type in {WSMsgType.TEXT, WSMsgType.BINARY}:
                    commands = self._protocol.receive(message.data, now_ms())
                    if self._too_often(commands):
                        self._send_all([self._refusal()])
                    else:
                        await self._obey(commands)
                    if message.type is WSMsgType.BINARY:  # it came before `_hear` did
                        self._await_more()
        except Exception as error:  # noqa: BLE001  # it is logged there
            self._broke(error)
        finally:
            self._ws.on_binary = None

    def _hear(self, data: bytes | None) -> None:
        """Take a message of audio without a detour; None: nothing comes after what is kept back."""
        protocol = self._protocol
        try:
            commands = protocol.no_more() if data is None else protocol.receive(data, now_ms())
            for command in commands:
                if isinstance(command, Audio):
                    self._listen(command)
                elif isinstance(command, Reply):
                    self._send_all([command.message])
            self._await_more()
        except Exception as error:  # noqa: BLE001  # it is logged there
            self._broke(error)

    def _await_more(self) -> None:
        """Take audio that the protocol keeps back, where no more comes to judge it by."""
        if self._kept_back:
            self._kept_back.cancel()
            self._kept_back = None
        if self._protocol.keeps_back:
            loop = asyncio.get_running_loop()
            self._kept_back = loop.call_later(NO_MORE_S, self._hear, None)

    def _broke(self, error: Exception) -> None:
        """End the connection at a fault of ours."""
        session = self._shell.session if self._shell else ""
        log.error(
            "connection_broken", protocol=self._protocol.name, session=session, exc_info=error
        )
        self.broken()

    def _too_often(self, commands: list[Command]) -> bool:
        """Tell whether the client gives more commands a second than it may; audio is none."""
        limited = self._protocol.admission.limits_commands
        if not limited or all(isinstance(command, Audio) for command in commands):
            return False
        return self._commands.refuse_s(time.monotonic()) > 0

    def _refusal(self) -> Json:
        return self._protocol.error(
            "RATE_LIMITED",
            "Too many control messages",
            "the limit is settable: AURA_CONTROL_MESSAGES_PER_SECOND",
        )

    def _listen(self, audio: Audio) -> None:
        if self._shell is None:
            return
        try:
            pcm = self._audio_in.feed(audio.data, audio.form, begins=audio.begins)
        except NotAudioError as error:
            self._not_audio(f"expected {error}")
        else:
            self._heard(pcm)

    def _heard(self, pcm: bytes) -> None:
        if self._shell and pcm:
            self._shell.hear(pcm)

    def _not_audio(self, why: str) -> None:
        if self._shell:
            self.tell(Trouble("audio", why))

    def _open_audio(self) -> AudioIn:
        """Return where a new session's audio comes in; a thread that decodes it calls back."""
        loop, shell = asyncio.get_running_loop(), self._shell

        def back(do: Callable[[T], None]) -> Callable[[T], None]:
            def soon(what: T) -> None:
                with suppress(RuntimeError):  # the loop has ended
                    loop.call_soon_threadsafe(self._come_back, shell, do, what)

            return soon

        return AudioIn(back(self._heard), back(self._not_audio))

    def _come_back(self, shell: SessionShell | None, do: Callable[[T], None], what: T) -> None:
        """Take what was decoded of the audio of *shell*, unless another session goes on."""
        try:
            if self._shell is shell:
                do(what)
        except Exception as error:  # noqa: BLE001  # it is logged there
            self._broke(error)

    async def _obey(self, commands: list[Command]) -> None:
        for command in commands:
            match command:
                case Audio():
                    self._listen(command)
                case Begin():
                    await self._begin(command)
                case End(close=close):
                    await self._end_session("end_call")
                    self._send_all(self._protocol.ended())
                    if close:
                        self._shut(CloseCode.NORMAL, "", ends="end_call")
                case Reply(message):
                    self._send_all([message])
                case Typed(text):
                    self._give(Typed(self._host.redaction.mask(text)))
                case _:
                    self._give(command)

    def _give(self, command: FromClient) -> None:
        if self._shell:
            self._shell.give(command)

    # -------------------------------------------------------- the session

    async def _begin(self, begin: Begin) -> None:
        await self._end_session("end_call")
        host, caller, protocol = self._host, self._caller, self._protocol
        session = self._new_session()
        structlog.contextvars.bind_contextvars(session=session)
        greeting = host.greeting if begin.greeting else ""
        config = host.config.but({**begin.changes, "response.greeting": greeting})
        if not config.tools and (tools := host.tools(caller.tenant)):
            config = msgspec.structs.replace(config, tools=tools)
        history, self._history = self._history, None
        first = FirstEvents(caller.tenant, session, caller.user, protocol.name, host.edge)
        began = first.began(config, resumed=history is not None, now_ms=now_ms())
        recording = (
            RecordingWriter(host.bus, caller.tenant, session) if config.record_audio else None
        )
        call = Call(began, history)
        model = host.speech_model
        audio = CallerAudio(model.opinion() if model else None, cancel_echo=host.cancel_echo)
        shell = SessionShell(host.bus, call, self, audio=audio, recording=recording)
        more = first.more(began, asked_to_record="record_audio" in begin.changes)
        self._running = host.sessions.create_task(self._hold(shell.run(*more)))
        listening = asyncio.create_task(shell.listening.wait())
        try:
            await asyncio.wait({listening, self._running}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            listening.cancel()
            self._shell = shell  # also where the client is sent away meanwhile: it is let go
        log.info(
            "session_started",
            protocol=protocol.name,
            tenant=caller.tenant,
            resumed=history is not None,
        )
        self._audio_in = self._open_audio()
        self._send_all(protocol.began(session, resumed=history is not None))
        shell.give(Resumed() if history else Started())

    async def _hold(self, running: Coroutine[Any, Any, None]) -> None:
        """Let a session run; one that breaks ends its connection and no other."""
        try:
            await running
        except Exception:
            log.exception("session_broken")
            self.broken()

    async def _end_session(self, reason: EndReason) -> None:
        shell = self._shell
        if shell is None:
            return
        shell.finish(reason)
        if self._running:
            await asyncio.wait({self._running}, timeout=LEAVES_S)
        self._let_go()

    def _let_go(self) -> None:
        """Leave a session that still stores events to the edge, for a while."""
        self._audio_in.close()
        shell, self._shell = self._shell, None
        running, self._running = self._running, None
        if shell:
            shell.finish("failed")
        if running and not running.done():
            asyncio.get_running_loop().call_later(STORED_S, running.cancel)

    # -------------------------------------------------------- to the client

    def tell(self, event: ClientEvent) -> None:
        if isinstance(event, Speech):
            if self._outgoing.full:
                counters.dropped("caller", len(event.pcm))
                return
            event = replace(event, pcm=self._audio_out.feed(event.pcm, more=self._more(event)))
        elif isinstance(event, Interrupted):
            self._audio_out.drop()
        self._send_all(self._protocol.messages(event))
        if isinstance(event, Trouble) and event.fatal:
            code = self._protocol.stage_close_code(event.stage)
            self._shut(code, f"{event.stage} is down")

    def _more(self, speech: Speech) -> bool:
        """Tell whether more of the same stream of audio follows: a sentence is one by itself."""
        shell = self._shell
        chunks = shell is not None and shell.call.config.voice.delivery == "chunks"
        return chunks and bool(speech.turn) and not speech.ends

    def _send_all(self, messages: list[Json]) -> None:
        for message in messages:
            self._outgoing.put(message)
