"""One connection: joins a client protocol with sessions on the bus."""

import asyncio
from dataclasses import dataclass

import structlog

from edge.call.client import LogRefusal
from edge.call.clock import now_ms
from edge.call.quotas import LogQuota
from edge.call.session_shell import SessionShell
from edge.core.messages.client_commands import (
    Audio,
    Begin,
    ClientCommand,
    EndSession,
    PhoneTransfer,
)
from edge.core.messages.client_events import (
    CallerTranscript,
    ClientEvent,
    ClientToolCalled,
    Notice,
    SessionClosed,
    SessionOpened,
    Speech,
    Trouble,
)
from edge.core.messages.inputs import KeyPressed, Resumed, Started
from edge.door.audio.audio_intake import AudioIntake
from edge.door.connection.client_reader import ClientReader
from edge.door.connection.client_sender import ClientSender
from edge.door.connection.connection_sessions import ConnectionSessions
from edge.door.connection.edge_services import EdgeServices
from edge.door.limits.common_bounds import SendBuffer
from edge.door.limits.costs import REFUSAL_WORK_S
from edge.door.opening.seat import Seat
from edge.door.refusal import RefusedError
from edge.door.transport import Transport
from edge.protocols.client_protocol import CloseCode, Json, failed_stage
from runtime.buckets import Bucket
from runtime.tasks import cancel
from schemas.control import CallState
from schemas.events import EndReason

log = structlog.get_logger(__name__)

LEAST_WAIT_S = 0.01
LAST_MESSAGES_S = 2.0
"""The longest wait until the last messages are sent."""
LONGEST_SLEEP_S = 5.0
"""The longest sleep, seconds: the beginning or end of a call changes the next limit."""


@dataclass(frozen=True, slots=True)
class Close:
    """The close of a connection, and the reason for the end of its session."""

    code: int
    reason: str
    ends: EndReason


LEFT = Close(CloseCode.NORMAL, "", "caller_left")


class Connection:
    """A client's connection, which closes once, for one reason."""

    def __init__(self, ws: Transport, services: EdgeServices, seat: Seat, quota: LogQuota) -> None:
        """Serve the caller of *seat*, which a session takes; *quota* bounds the bytes of events."""
        self._ws = ws
        self._protocol = protocol = seat.protocol
        self._caller = seat.caller
        self._services = services
        ws.pace.budget.identify(named=seat.caller.named)
        waiting = services.common.waiting.of(stranger=not seat.caller.named)
        buffer = SendBuffer(waiting.account(seat.address))
        self._sessions = ConnectionSessions(services, seat, quota, ws, self)
        self._sender = ClientSender(ws, protocol, buffer, self._too_slow, self._sessions.give)
        self._close: Close | None = None
        self._in_order = asyncio.Lock()
        """Held while a session begins or ends: a hang-up is no command of the client's."""
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Serve the client until it leaves, is closed, or its session fails."""
        rate = self._services.control_messages_per_second
        reading = ClientReader(self._ws, self._protocol, Bucket(rate, rate), self)
        try:
            async with asyncio.TaskGroup() as tasks:
                writer = tasks.create_task(self._sender.run())
                reader = tasks.create_task(reading.run())
                keeper = tasks.create_task(self._keep_time())
                leaver = tasks.create_task(self._wake.wait())
                await asyncio.wait({reader, leaver}, return_when=asyncio.FIRST_COMPLETED)
                async with self._in_order:
                    await cancel({reader})  # no session begins from here on
                    await self._sessions.end((self._close or LEFT).ends)
                keeper.cancel()
                leaver.cancel()
                self._sender.close()
                await asyncio.wait({writer}, timeout=LAST_MESSAGES_S)
                writer.cancel()
        finally:
            self._sessions.detach()  # if this task was cancelled
            close = self._close or LEFT
            await self._ws.close(code=close.code, message=close.reason.encode())

    @property
    def intake(self) -> AudioIntake | None:
        return self._sessions.intake

    @property
    def busy(self) -> bool:
        """Return whether a response is under way."""
        shell = self._sessions.shell
        return shell is not None and shell.call.responding

    @property
    def call_state(self) -> CallState | None:
        """Return the state of its call; None: there is none."""
        shell = self._sessions.shell
        return shell.control.state() if shell else None

    # -------------------------------------------------------- closing

    def _shut(self, code: int, reason: str, *, ends: EndReason = "failed") -> None:
        """Close the connection; only the first request counts."""
        self._close = self._close or Close(code, reason, ends)
        self._wake.set()

    def ask_to_reconnect(self, reason: str) -> None:
        """Close with a code by which the client may reconnect at once, to any edge."""
        self._shut(CloseCode.SERVICE_RESTART, reason, ends="drained")

    def expire(self) -> None:
        """Close since the token has expired; with a new one the client may resume the session."""
        self._shut(CloseCode.POLICY_VIOLATION, "Token expired", ends="drained")

    async def _keep_time(self) -> None:
        """Close when a time limit of the connection or its call is reached."""
        stopwatch = self._sessions.stopwatch
        while not (up := stopwatch.up(now_ms())):
            left_s = stopwatch.left_s(now_ms())
            await asyncio.sleep(min(max(left_s, LEAST_WAIT_S), LONGEST_SLEEP_S))
            if self.busy:
                stopwatch.active(now_ms())
        shell = self._sessions.shell
        log.info("time_is_up", limit=up.code, session=shell.session if shell else "")
        self._sender.tell(Notice(up.code, up.message, up.details))
        self._shut(CloseCode.NORMAL, up.details, ends="end_call")

    def over_budget(self, why: str) -> None:
        log.info("connection_over_budget", protocol=self._protocol.name, why=why)
        self._shut(CloseCode.POLICY_VIOLATION, why)

    def _too_slow(self) -> None:
        self._shut(CloseCode.TRY_AGAIN_LATER, "the client reads too slowly")

    def cut_off(self, why: str) -> None:
        self._ws.cut_off(why)

    def reply(self, message: Json) -> None:
        self._sender.send([message])

    def fail(self, error: Exception) -> None:
        """End the connection after an unexpected exception."""
        shell = self._sessions.shell
        session = shell.session if shell else ""
        log.error(
            "connection_broken", protocol=self._protocol.name, session=session, exc_info=error
        )
        self.call_failed()

    # -------------------------------------------------------- commands of the client

    async def obey(self, commands: list[ClientCommand]) -> None:
        sessions = self._sessions
        for command in commands:
            match command:
                case Audio():
                    if sessions.intake:
                        await sessions.intake.take(command)
                case Begin():
                    async with self._in_order:
                        await self._begin(command)
                case EndSession(close=close):
                    await self._end(sessions.shell, close=close)
                case PhoneTransfer():
                    await self._transfer(command)
                case _:
                    sessions.obey_now(command)

    def obey_now(self, command: ClientCommand) -> None:
        self._sessions.obey_now(command)

    async def _end(self, shell: SessionShell | None, *, close: bool) -> None:
        """End the session of *shell*, unless it has ended meanwhile; then *close*."""
        async with self._in_order:
            if self._sessions.shell is not shell:
                return
            await self._sessions.end("end_call")
            self._sender.tell(SessionClosed())
            if close:
                self._shut(CloseCode.NORMAL, "", ends="end_call")

    async def _begin(self, begin: Begin) -> None:
        try:
            shell, opening = await self._sessions.begin(begin)
        except RefusedError as refused:
            self._not_begun(refused)
            return
        for notice in opening.ignored:
            self._sender.tell(notice)
        resumed = opening.history is not None
        cut = opening.history.unfinished if opening.history else None
        heard = cut.heard if cut else ""
        self._sender.tell(SessionOpened(shell.session, resumed=resumed, heard=heard))
        shell.give(Resumed() if resumed else Started())

    def _not_begun(self, why: RefusedError) -> None:
        """Tell the client why no session can begin; close if the connection is for one session."""
        self._ws.pace.budget.spend_work(REFUSAL_WORK_S)  # slows repeated requests
        log.info("session_refused", code=why.code, tenant=self._caller.tenant)
        self._protocol.forget_session()
        self._sender.tell(Notice(why.code, why.message, why.details))
        if why.ends or self._protocol.admission.one_session:
            self._shut(why.close, why.details)

    async def _transfer(self, wanted: PhoneTransfer) -> None:
        self._ws.pace.budget.spend_turn()
        transfer = self._services.transfer
        if transfer is None or not await transfer(wanted.telephone_call):
            self._sessions.give(KeyPressed(wanted.key))

    # -------------------------------------------------------- events of the session

    def tell(self, event: ClientEvent) -> None:
        if isinstance(event, CallerTranscript) or (isinstance(event, Speech) and event.ends):
            self._sessions.stopwatch.active(now_ms())
        if isinstance(event, ClientToolCalled) and self._sessions.run_phone_tool(event):
            return
        shell = self._sessions.shell
        chunks = shell is not None and shell.call.config.voice.delivery == "chunks"
        self._sender.tell(event, chunks=chunks)
        if isinstance(event, Trouble) and event.fatal:
            codes = self._protocol.admission.stage_close_codes
            stage = failed_stage(event)
            self._shut(codes.get(stage, CloseCode.INTERNAL_ERROR), f"{stage} is down")

    def call_failed(self) -> None:
        self._shut(CloseCode.INTERNAL_ERROR, "Internal server error")

    def hang_up(self, code: str, reason: str) -> None:
        """End the session: with an error if *code* is given, else as by the client's command."""
        if not code:
            close = self._protocol.admission.one_session
            self._sessions.start(self._end(self._sessions.shell, close=close))
            return
        self._sender.tell(Notice(code, "Call ended", reason))
        self._shut(CloseCode.NORMAL, reason, ends="end_call")

    def can_transfer(self, agent: str) -> bool:
        return self._sessions.can_transfer(agent)

    def transfer(self, call: str, agent: str) -> None:
        if shell := self._sessions.shell:
            self._sessions.start(self._sessions.transfer(shell, call, agent))

    def taken_over(self) -> None:
        self._shut(CloseCode.NORMAL, "the session goes on over another connection")

    def log_refused(self, code: LogRefusal, why: str) -> None:
        title = "Too much for the log" if code == "QUOTA_EXCEEDED" else "An event is too large"
        self._sender.tell(Notice(code, title, why))
        self._shut(CloseCode.POLICY_VIOLATION, why, ends="failed")

    def not_recorded(self, why: str) -> None:
        self._sender.tell(Notice("NOT_RECORDED", "The sound is not kept", why))
