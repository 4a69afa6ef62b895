"""One WebSocket: a dialect on one side, a line to the bus on the other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog
from aiohttp import WSMsgType

from edge.call import counters
from edge.call.clock import now_ms
from edge.call.first_events import FirstEvents
from edge.call.recording_writer import Recording
from edge.call.session_shell import Keeping, Line
from edge.core.call import Call
from edge.core.hearing.echo import Echo
from edge.core.hearing.vad import VoiceActivity
from edge.core.input_log import Journal
from edge.core.notices import Begin, Finish, Notice, Reply, Sound, Speak, Trouble
from edge.core.session.history import History
from edge.core.session.rules import Rules
from edge.door.client_sender import MessagesOut
from edge.door.rate_limits import Bucket
from edge.door.strict_websocket import MaskedWebSocket
from edge.protocols.client_protocol import Dialect, Json
from runtime.bus.connection import Bus
from schemas.events import Stage

log = structlog.get_logger(__name__)

TOO_OFTEN = {
    "type": "error",
    "message": "Too many control messages",
    "code": "RATE_LIMITED",
    "details": "the limit is settable: AURA_CONTROL_MESSAGES_PER_SECOND",
}
COME_BACK = 1012
"""Service restart (RFC 6455 registry): the client may reconnect at once, to any edge."""
TOO_SLOW = 1013
LEAVES_S = 2.0
"""A caller who leaves waits so long for the last events to be stored ..."""
STORED_S = 15.0
"""... and the edge so long: an election of the log's leader takes up to ten seconds."""
SERVER_ERROR = 1011


@dataclass(frozen=True, slots=True)
class Close:
    """How a connection closes, and why the session ends that it holds."""

    code: int
    reason: str
    ends: str


LEFT = Close(1000, "", "caller_left")


@dataclass(frozen=True)
class Place:
    """What a conversation needs of the edge it is on."""

    bus: Bus
    edge: str
    rules: Callable[[dict[str, Any]], Rules]
    """The rules of a session from the options its client gave."""
    close_code: Callable[[Stage], int]
    """The code that a fatal failure of a stage closes with."""
    control_messages_per_second: int
    finishing: set[asyncio.Task[None]]
    """Where a line goes whose caller has left before its last events are stored."""


class Conversation:
    """A client's connection, and the sessions it holds one after the other."""

    def __init__(
        self,
        ws: MaskedWebSocket,
        dialect: Dialect,
        place: Place,
        *,
        tenant: str,
        user: str,
        new_session: Callable[[], str],
        history: History | None = None,
    ) -> None:
        """Take the client's socket; *history* is that of the session it goes on with, if any."""
        self._ws = ws
        self._dialect = dialect
        self._place = place
        self._tenant = tenant
        self._user = user
        self._new_session = new_session
        self._history = history
        self._line: Line | None = None
        self._running: asyncio.Task[None] | None = None
        self._outgoing = MessagesOut(ws, self._too_slow)
        self._close: Close | None = None
        self._wake = asyncio.Event()
        often = place.control_messages_per_second
        self._control = Bucket(often, often)

    async def run(self) -> None:
        """Serve the client until it leaves, is sent away, or its line breaks."""
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
            self._let_go()  # of a line that is left where we were cancelled
            close = self._close or LEFT
            await self._ws.close(code=close.code, message=close.reason.encode())

    @property
    def busy(self) -> bool:
        """An answer is under way."""
        return self._line is not None and self._line.call.answering

    async def leave(self, reason: str) -> None:
        """End the session, then send the client away."""
        await self._end_session("drained")
        self.come_back(reason)

    def come_back(self, reason: str) -> None:
        """Close with a code that says: the client may reconnect at once, to any edge."""
        self._shut(COME_BACK, reason, ends="drained")

    def _shut(self, code: int, reason: str, *, ends: str = "failed") -> None:
        """Close the connection; the first to ask for it says how."""
        self._close = self._close or Close(code, reason, ends)
        self._wake.set()

    def _succeeded(self) -> None:
        self._shut(1000, "the session goes on over another connection", ends="resumed")

    def _too_slow(self) -> None:
        self._shut(TOO_SLOW, "the client reads too slowly")

    def _fail(self) -> None:
        self._shut(SERVER_ERROR, "Internal server error")

    def _broke(self, error: Exception) -> None:
        """End the conversation at a fault of ours."""
        log.error("conversation_broken", dialect=self._dialect.name, exc_info=error)
        self._fail()

    # -------------------------------------------------------- from the client

    async def _read(self) -> None:
        try:
            for thing in self._dialect.opened():
                await self._take(thing)
            if self._dialect.binary_is_sound:
                self._ws.on_binary = self._hear
            async for message in self._ws:
                if message.type is WSMsgType.TEXT and self._talks_too_much():
                    self._outgoing.put(TOO_OFTEN)
                elif message.type in {WSMsgType.TEXT, WSMsgType.BINARY}:
                    for intent in self._dialect.receive(message.data, now_ms()):
                        await self._take(intent)
        except Exception as error:  # noqa: BLE001  # it is logged there
            self._broke(error)
        finally:
            self._ws.on_binary = None

    def _talks_too_much(self) -> bool:
        return self._dialect.named and self._control.refuse_s(time.monotonic()) > 0

    def _hear(self, data: bytes) -> None:
        """Take a message of sound without a detour."""
        try:
            for intent in self._dialect.receive(data, now_ms()):
                if isinstance(intent, Sound):
                    self._listen(intent.pcm)
        except Exception as error:  # noqa: BLE001  # it is logged there
            self._broke(error)

    def _listen(self, pcm: bytes) -> None:
        if self._line:
            self._line.hear(pcm)

    async def _take(self, thing: Any) -> None:
        match thing:
            case Sound(pcm):
                self._listen(pcm)
            case Begin():
                await self._begin(thing)
            case Finish(close=close):
                await self._end_session("end_call")
                self._send_all(self._dialect.ended())
                if close:
                    self._shut(1000, "", ends="end_call")
            case Reply(message):
                self._outgoing.put(message)
            case _:
                self._outgoing.put(thing)

    async def _begin(self, begin: Begin) -> None:
        await self._end_session("end_call")
        session = self._new_session()
        rules = self._place.rules(begin.options)
        history, self._history = self._history, None
        own = (self._tenant, session)
        journal = Journal(*own)
        voice = VoiceActivity()
        ear = journal.listening(voice)
        call = Call(*own, rules, begin.delivery, history=history, is_voice=ear)
        recording = Recording(self._place.bus, *own) if rules.settings.record_audio else None
        keeping = Keeping(journal, recording)
        line = Line(
            self._place.bus, call, own, partial(self._tell, voice.echo), self._fail, keeping
        )
        line.succeeded = self._succeeded
        log_begins = FirstEvents(*own, self._user, self._dialect.name, self._place.edge)
        first = log_begins.of(begin, rules, resumed=history is not None, now_ms=now_ms())
        call.history.summary.take(first[0])
        self._running = asyncio.create_task(line.run(*first))
        self._running.add_done_callback(self._line_is_over)
        listening = asyncio.create_task(line.listening.wait())
        await asyncio.wait({listening, self._running}, return_when=asyncio.FIRST_COMPLETED)
        listening.cancel()
        self._line = line
        structlog.contextvars.bind_contextvars(session=session)
        log.info(
            "session_started",
            dialect=self._dialect.name,
            tenant=self._tenant,
            resumed=history is not None,
        )
        self._send_all(self._dialect.began(session, resumed=history is not None))
        line.resume() if history else line.start()

    async def _end_session(self, reason: str) -> None:
        line, self._line = self._line, None
        if line is None:
            return
        line.finish(reason)
        if self._running:
            await asyncio.wait({self._running}, timeout=LEAVES_S)
        self._let_go()
        log.info("session_ended", reason=reason, turns=line.call.history.answered)

    def _let_go(self) -> None:
        """Leave a line that still stores events to the edge, for a while."""
        line, self._line = self._line, None
        running, self._running = self._running, None
        if line:
            line.finish("failed")
        if running and not running.done():
            self._place.finishing.add(running)
            running.add_done_callback(self._place.finishing.discard)
            asyncio.get_running_loop().call_later(STORED_S, running.cancel)

    def _line_is_over(self, running: asyncio.Task[None]) -> None:
        if not running.cancelled() and (error := running.exception()):
            log.error("line_broken", exc_info=error)
            self._fail()

    # -------------------------------------------------------- to the client

    def _tell(self, echo: Echo, notice: Notice) -> None:
        if isinstance(notice, Speak) and self._outgoing.full:
            counters.dropped("caller", len(notice.pcm))
            return
        echo.told(notice)
        self._send_all(self._dialect.tell(notice))
        if isinstance(notice, Trouble) and notice.fatal:
            self._shut(self._place.close_code(notice.stage), f"{notice.stage} is down")

    def _send_all(self, messages: list[Json]) -> None:
        for message in messages:
            self._outgoing.put(message)
