"""The sessions of a connection, one after the other: begun, reconfigured and ended."""

import asyncio
import json
import re
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, replace
from typing import Any
from weakref import ref

import structlog

from edge.call.clock import now_ms
from edge.call.quotas import LogQuota
from edge.call.session_audio import SessionAudio
from edge.call.session_shell import SessionShell
from edge.core.call import Call
from edge.core.hearing.caller_audio import CallerAudio
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
from edge.core.messages.client_events import ClientToolCalled, Transferred
from edge.core.messages.inputs import (
    ClientToolResult,
    CountedAsTurn,
    FromClient,
    Reconfigured,
    ResponseRequested,
)
from edge.door.audio.audio_intake import AudioIntake, ClientConnection
from edge.door.connection.call_boundary import contained
from edge.door.connection.edge_services import EdgeServices
from edge.door.connection.masked_inputs import masked
from edge.door.limits.session_jobs import SessionJobs
from edge.door.limits.time_limits import Stopwatch
from edge.door.opening.opening import Opening
from edge.door.opening.seat import Seat
from edge.door.refusal import RefusedError
from edge.door.transport import Phone, Transport
from runtime.tasks import scoped_task, shielded
from schemas.events import EndReason
from schemas.tools import MOST_SENT_KEYS, SEND_DTMF

log = structlog.get_logger(__name__)

KEYS_PATTERN = re.compile(f"[0-9*#]{{1,{MOST_SENT_KEYS}}}")
LEAVES_S = 2.0
"""The longest wait, seconds, of a closing connection until its last events are stored."""
STORED_S = 15.0
"""The longest wait, seconds, of the edge after that: to elect the log's leader takes up to 10 s."""


@dataclass
class _Session:
    """The running session of a connection, which has all of these or does not exist."""

    opening: Opening
    shell: SessionShell
    running: asyncio.Task[None]
    intake: AudioIntake


class ConnectionSessions:
    """Begins a session, passes its client's commands on, and ends it; one at a time."""

    def __init__(
        self,
        services: EdgeServices,
        seat: Seat,
        quota: LogQuota,
        ws: Transport,
        connection: ClientConnection,
    ) -> None:
        """Hold sessions of the caller of *seat* for *connection*; *quota* bounds their events."""
        self._phone = ws.phone
        self._services = services
        self._seat = seat
        self._quota = quota
        self._pace = ws.pace
        self._connection_ref = ref(connection)
        self.stopwatch = Stopwatch(services.times, now_ms())
        self._session: _Session | None = None

    @property
    def _connection(self) -> ClientConnection:
        """The connection; the reference is weak, since the connection has this object."""
        if (connection := self._connection_ref()) is None:
            raise ReferenceError("the connection is over")
        return connection

    @property
    def shell(self) -> SessionShell | None:
        """The shell of the running session, or None if there is none."""
        return self._session.shell if self._session else None

    @property
    def intake(self) -> AudioIntake | None:
        """The intake of its audio, or None if there is none."""
        return self._session.intake if self._session else None

    async def begin(self, begin: Begin) -> tuple[SessionShell, Opening]:
        """Begin a session; its call has no input yet.

        Raises:
            RefusedError: it cannot begin now.
        """
        await self.end("end_call")
        structlog.contextvars.unbind_contextvars("session")  # a refusal belongs to no session
        await self._pace.wait_in_queue()  # many begin at once
        # shielded: a client that is closed meanwhile has a session, which is ended
        session = await shielded(self._begun(begin))
        if isinstance(session, RefusedError):
            raise session
        shell, opening, began = session.shell, session.opening, session.opening.began
        structlog.contextvars.bind_contextvars(session=began.session)
        earlier_ms = shell.call.history.spend.call_ms(began.at_ms)
        self.stopwatch.began(now_ms(), began.config.limits, earlier_ms=earlier_ms)
        return shell, opening

    async def _begun(self, begin: Begin) -> _Session | RefusedError:
        """Open a session and start it; an error is returned: nobody may wait for it any more."""
        openings, phone = self._services.openings, self._phone is not None
        try:
            opening = await openings.open(begin, self._seat, self._quota, phone=phone)
        except RefusedError as refused:
            return refused
        shell = self._shell_of(opening, tells_events=begin.events)
        running = self.start(shell.run(*opening.unstored))
        self._session = session = _Session(opening, shell, running, self._intake_of(shell))
        self._pace.budget.watch(shell.recognition)
        async with scoped_task(shell.listening.wait()) as listening:
            await asyncio.wait({listening, running}, return_when=asyncio.FIRST_COMPLETED)
        return session

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Do *work* beside the connection, which ends if it fails."""
        return self._services.sessions.create_task(contained(work, self._connection))

    def _shell_of(self, opening: Opening, *, tells_events: bool) -> SessionShell:
        """Return a shell for *opening* that does not run yet."""
        services, seat, model = self._services, self._seat, self._services.speech_model
        stranger = not seat.caller.named
        caller = CallerAudio(model.opinion() if model else None, cancel_echo=services.cancel_echo)
        memory = services.common.spoken.of(stranger=stranger).account(seat.address)
        jobs = SessionJobs(services.job_slots, seat.address, stranger=stranger)
        return SessionShell(
            services.bus,
            Call(opening.began, opening.history),
            self._connection,
            audio=SessionAudio(caller, opening.recording, memory, self._pace.wait_in_queue),
            terms=replace(opening.terms, jobs=jobs),
            tells_events=tells_events,
        )

    def _intake_of(self, shell: SessionShell) -> AudioIntake:
        seat = self._seat
        share = self._services.common.decoded.of(stranger=not seat.caller.named)
        memory = share.account(seat.address)
        return AudioIntake(shell, seat.protocol, self._pace, self._connection, memory)

    async def end(self, reason: EndReason) -> None:
        """End the session, if there is one, and wait until its last events are stored."""
        if running := self.detach(reason):
            await asyncio.wait({running}, timeout=LEAVES_S)
            await self._seat.give_back()

    def detach(self, reason: EndReason = "failed") -> asyncio.Task[None] | None:
        """End the session; return its task, which the edge gives time to store the last events."""
        if (session := self._session) is None:
            return None
        one_session = self._seat.protocol.admission.one_session
        session.shell.finish(reason, may_return=one_session and reason != "end_call")
        session.intake.close()
        self._session = None
        self._pace.budget.watch(None)
        self.stopwatch.ended(now_ms())
        stop = asyncio.get_running_loop().call_later(LEAVES_S + STORED_S, session.running.cancel)
        session.running.add_done_callback(lambda _: stop.cancel())
        return session.running

    def obey_now(self, command: ClientCommand) -> None:
        """Carry out a command of the client that takes no time."""
        match command:
            case Reply(message):
                self._connection.reply(message)
            case Reconfigure(changes):
                self.reconfigure(changes)
            case Ask():
                self.ask(command)
            case Audio() | Begin() | EndSession() | PhoneTransfer():
                raise TypeError(f"{command} is for the connection")
            case _:
                self.give(command)

    def give(self, command: FromClient) -> None:
        """Give the call a client's command, with masked words and keys."""
        if isinstance(command, CountedAsTurn):
            self._pace.budget.spend_turn()
        masked_command = masked(command, self._services.redaction)
        if self.shell and masked_command is not None:
            self.shell.give(masked_command)

    def reconfigure(self, changes: Mapping[str, Any]) -> None:
        """Reconfigure the session, unless nothing changes."""
        session = self._session
        if session is None:
            return
        session.opening = replace(session.opening, latest_changes=changes)
        config = session.opening.with_changes(changes)
        if config != session.shell.call.config:
            session.shell.give(Reconfigured(config))

    def ask(self, ask: Ask) -> None:
        if self.shell is None:
            return
        config = self.shell.call.config.but(ask.changes) if ask.changes else None
        self.give(ResponseRequested(ask.ask, config, ask.messages, ask.in_conversation))

    def can_transfer(self, agent: str) -> bool:
        """Return whether the session can be transferred to *agent*, as far as this edge knows."""
        before = self.shell.call.history.agent if self.shell else None
        if self.shell is None or before is None:
            return False
        openings, caller = self._services.openings, self._seat.caller
        if self._phone and openings.telephone(agent, caller, before):
            return True
        try:
            openings.after_transfer(agent, caller, before, self.shell.call.config)
        except RefusedError:
            return False
        return True

    async def transfer(self, shell: SessionShell, call: str, agent: str) -> None:
        """Transfer the session of *shell* to *agent*, or tell the model why that fails."""
        before = shell.call.history.agent
        try:
            if before is None:
                raise RefusedError("AGENT_UNKNOWN", "Unknown agent", "no agent serves this call")
            openings, now = self._services.openings, shell.call.config
            phone = self._phone
            if phone and (to := openings.telephone(agent, self._seat.caller, before)):
                if not await phone.transfer(to):
                    told = "nobody could be reached there: offer something else"
                    shell.give(ClientToolResult(call, told, failed=True))
                return  # the call ends with the line
            handed = await openings.transferred(
                agent, self._seat.caller, before, now, phone=phone is not None
            )
        except RefusedError as refused:
            shell.give(ClientToolResult(call, refused.details, failed=True))
            return
        session = self._session
        if session is None or session.shell is not shell:
            return  # the session is over
        changes = session.opening.latest_changes
        config = handed.config if changes is None else handed.with_changes(changes)
        session.opening = replace(session.opening, with_changes=handed.with_changes)
        self.stopwatch.limit(config.limits)
        log.info("agent_changed", session=shell.session, agent=str(handed.agent))
        shell.give(Reconfigured(config, handed.agent, call))
        if handed.agent:
            self._connection.tell(Transferred(handed.agent.name))

    def run_phone_tool(self, called: ClientToolCalled) -> bool:
        """Run a tool of the telephone line; False: the tool is the client's."""
        if self._phone is None or called.name != SEND_DTMF.name:
            return False
        self.start(self._press(self._phone, called))
        return True

    async def _press(self, phone: Phone, called: ClientToolCalled) -> None:
        """Press keys, and tell the model the result."""
        shell = self.shell
        keys = str(json.loads(called.arguments).get("keys", ""))
        went = bool(KEYS_PATTERN.fullmatch(keys)) and await phone.press(keys)
        outcome = "pressed" if went else f"not pressed: {MOST_SENT_KEYS} of 0123456789*# at most"
        if shell and shell is self.shell:
            shell.give(ClientToolResult(called.call, outcome, failed=not went))
