"""One connection: a client protocol on one side, a session on the bus on the other."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import structlog

from edge.call import counters
from edge.call.clock import now_ms
from edge.call.quotas import LogQuota
from edge.call.session_shell import SessionShell
from edge.call.speech_model import SileroModel
from edge.core.call import Call
from edge.core.client_commands import Ask, Audio, Begin, Command, End, Reconfigure, Reply, Transfer
from edge.core.client_events import (
    ClientEvent,
    HandedOver,
    Interrupted,
    Speech,
    ToolCalled,
    Transcript,
    Trouble,
)
from edge.core.hearing.caller_audio import CallerAudio
from edge.core.inputs import (
    FromClient,
    ItemAdded,
    KeyPressed,
    Reconfigured,
    ResponseAsked,
    Resumed,
    Started,
    ToolResult,
    Typed,
)
from edge.door.audio_intake import AudioIntake
from edge.door.callers.auth import Caller
from edge.door.channel import Channel, Phone
from edge.door.client_sender import ClientSender
from edge.door.limits.connection_budget import OverBudgetError
from edge.door.limits.rate_limits import TokenBucket
from edge.door.limits.time_limits import Stopwatch, TimeLimits
from edge.door.opening import Opening, Openings
from edge.door.refusal import RefusedError
from edge.door.seat import Seat
from edge.protocols.client_protocol import ClientProtocol, CloseCode, Json
from runtime.audio import AudioOut
from runtime.bus.connection import Bus
from runtime.redaction import Redaction
from schemas.control import CallState
from schemas.events import EndReason, Message
from schemas.tools import MOST_KEYS, SEND_DTMF

log = structlog.get_logger(__name__)

NO_MORE_S = 2.5
"""A network may stall for so long and go on; after it, nothing more comes."""
KEYS = re.compile(f"[0-9*#]{{1,{MOST_KEYS}}}")
MOST_ON_LOOP = 256 * 1024
"""Characters or bytes; a message that is longer is read in a thread."""
MOST_CLOSE_BYTES = 123
"""Of the reason in a close frame (RFC 6455, 5.5.1)."""
LEAVES_S = 2.0
"""A caller who leaves waits so long for the last events to be stored ..."""
STORED_S = 15.0
"""... and the edge so long: an election of the log's leader takes up to ten seconds."""
LEAST_WAIT_S = 0.01
LOOK_AGAIN_S = 5.0
"""A call may begin or end meanwhile, and the next limit be another."""


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
    openings: Openings
    commands_per_second: int
    times: TimeLimits
    speech_model: SileroModel | None
    cancel_echo: bool
    redaction: Redaction
    """Of what is typed; what is said is masked where it is recognised."""
    sessions: asyncio.TaskGroup
    """Where sessions run: one whose caller has left still stores its last events."""
    transfer: Callable[[str], Awaitable[bool]] | None = None
    """Has the telephone network hand a caller over to a person, and tells whether it does."""


class Connection:
    """A client's connection, and the sessions it holds one after the other."""

    def __init__(
        self,
        ws: Channel,
        protocol: ClientProtocol,
        host: Host,
        caller: Caller,
        seat: Seat,
        quota: LogQuota,
    ) -> None:
        """Serve *caller*, who takes *seat* whenever a session begins; *quota* bounds its events."""
        self._quota = quota
        self._ws = ws
        self._protocol = protocol
        self._host = host
        self._caller = caller
        self._seat = seat
        self._stopwatch = Stopwatch(host.times, time.monotonic())
        self._shell: SessionShell | None = None
        self._opening: Opening | None = None
        """Of the session."""
        self._running: asyncio.Task[None] | None = None
        self._pace = ws.pace
        self._intake: AudioIntake | None = None
        """Of the session's audio."""
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
                keeper = tasks.create_task(self._keep_time())
                leaver = tasks.create_task(self._wake.wait())
                await asyncio.wait({reader, leaver}, return_when=asyncio.FIRST_COMPLETED)
                await self._end_session((self._close or LEFT).ends)
                reader.cancel()
                keeper.cancel()
                leaver.cancel()
                self._outgoing.close()
                await asyncio.wait({writer}, timeout=2)
                writer.cancel()
        finally:
            self._stop_waiting()
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

    async def _keep_time(self) -> None:
        """Send the client away when its connection or its call has had its time."""
        while not (up := self._stopwatch.up(time.monotonic())):
            left_s = self._stopwatch.left_s(time.monotonic())
            await asyncio.sleep(min(max(left_s, LEAST_WAIT_S), LOOK_AGAIN_S))
            if self.busy:
                self._stopwatch.active(time.monotonic())
        log.info("time_is_up", limit=up.code)
        self._send_all([self._protocol.error(up.code, up.message, up.details)])
        self._shut(CloseCode.NORMAL, up.details, ends="end_call")

    @property
    def call_state(self) -> CallState | None:
        """What its call does now; None: there is none."""
        return self._shell.control.state() if self._shell else None

    def hang_up(self, code: str, reason: str) -> None:
        """End the session: without a code as the client's own word would, else with an error."""
        if not code:
            ends = End(close=self._protocol.admission.one_session)
            self._host.sessions.create_task(self._obey([ends]))
            return
        self._send_all([self._protocol.error(code, "Call ended", reason)])
        fits = len(reason.encode()) <= MOST_CLOSE_BYTES
        self._shut(CloseCode.NORMAL, reason if fits else "the call was ended", ends="end_call")

    def transfer(self, call: str, agent: str) -> None:
        if shell := self._shell:
            self._host.sessions.create_task(self._hand_over(shell, call, agent))

    async def _hand_over(self, shell: SessionShell, call: str, agent: str) -> None:
        """Set the session of *shell* to *agent*, or tell the model why that cannot be."""
        before = shell.call.history.agent
        try:
            if before is None:
                raise RefusedError("AGENT_UNKNOWN", "Unknown agent", "no agent serves this call")
            openings, now = self._host.openings, shell.call.config
            phone = self._ws.phone
            if phone and (to := openings.telephone(agent, self._caller, before)):
                if not await phone.transfer(to):
                    told = "nobody could be reached there: offer something else"
                    shell.give(ToolResult(call, told, failed=True))
                return  # the line ends, and with it the call
            handed = await openings.handed_over(
                agent, self._caller, before, now, phone=phone is not None
            )
        except RefusedError as refused:
            shell.give(ToolResult(call, refused.details, failed=True))
            return
        if shell is not self._shell or self._opening is None:
            return  # the session is over
        asked = self._opening.asked
        config = handed.config if asked is None else handed.again(asked)
        self._opening = replace(self._opening, again=handed.again)
        self._stopwatch.limit(config.limits)
        log.info("agent_changed", session=shell.session, agent=str(handed.agent))
        shell.give(Reconfigured(config, handed.agent, call))
        if handed.agent:
            self.tell(HandedOver(handed.agent.name))

    async def _press(self, phone: Phone, called: ToolCalled) -> None:
        """Press the keys that the model has *called* for, and tell it whether they went."""
        shell = self._shell
        keys = str(json.loads(called.arguments).get("keys", ""))
        went = bool(KEYS.fullmatch(keys)) and await phone.press(keys)
        told = "pressed" if went else f"not pressed: {MOST_KEYS} of 0123456789*# at most"
        if shell and shell is self._shell:
            shell.give(ToolResult(called.call, told, failed=not went))

    def taken_over(self) -> None:
        self._shut(CloseCode.NORMAL, "the session goes on over another connection")

    def over_quota(self, why: str) -> None:
        self._send_all([self._protocol.error("QUOTA_EXCEEDED", "Too much for the log", why)])
        self._shut(CloseCode.POLICY_VIOLATION, why, ends="failed")

    def not_recorded(self, why: str) -> None:
        self._send_all([self._protocol.error("NOT_RECORDED", "The sound is not kept", why)])

    def _too_slow(self) -> None:
        self._shut(CloseCode.TRY_AGAIN_LATER, "the client reads too slowly")

    def broken(self) -> None:
        self._shut(CloseCode.INTERNAL_ERROR, "Internal server error")

    # -------------------------------------------------------- from the client

    async def _read(self) -> None:
        self._ws.on_excess = self._exceeded
        self._ws.on_commands = self._obey_now
        direct = self._hear if self._protocol.binary_is_audio else None
        try:
            await self._obey(self._protocol.opened())
            self._ws.on_binary = direct
            async for frame in self._ws.frames():
                self._ws.on_binary = None  # what comes meanwhile waits for its turn
                await self._take(frame)
                self._ws.on_binary = direct
        except OverBudgetError as over:
            self._ws.exceed(str(over))
        except ConnectionError:  # the client left before its ping was answered
            pass
        except Exception as error:  # noqa: BLE001  # it is logged there
            self._broke(error)
        finally:
            self._ws.on_binary = None

    async def _take(self, frame: str | bytes) -> None:
        """Obey a message, and wait until the next one may be read.

        Raises:
            OverBudgetError: the connection costs too much.
        """
        audio = isinstance(frame, bytes)
        if audio:
            self._stop_waiting()
        began_s = time.perf_counter()
        if len(frame) > MOST_ON_LOOP:
            commands = await asyncio.to_thread(self._protocol.receive, frame, now_ms())
        else:
            commands = self._protocol.receive(frame, now_ms())
        self._pace.worked(began_s)
        if self._too_often(commands):
            self._send_all([self._refusal()])
        else:
            await self._obey(commands)
        if audio:
            self._await_more()
        await self._pace.turn()

    def _hear(self, data: bytes | None) -> None:
        """Take a little audio without a detour; None: nothing comes after what is kept back."""
        protocol, began_s = self._protocol, time.perf_counter()
        try:
            commands = protocol.no_more() if data is None else protocol.receive(data, now_ms())
            self._obey_now(commands)
            self._await_more()
            budget = self._pace.budget
            budget.work_s += time.perf_counter() - began_s
            if budget.due:
                self._pace.look()
        except OverBudgetError as over:
            self._ws.exceed(str(over))
        except Exception as error:  # noqa: BLE001  # it is logged there
            self._broke(error)

    def _obey_now(self, commands: list[Command]) -> None:
        """Obey commands that take no time: sound, replies, what the call is told."""
        for command in commands:
            if isinstance(command, Audio) and self._intake:
                self._intake.take_now(command)
            elif isinstance(command, Reply):
                self._send_all([command.message])
            elif isinstance(command, FromClient):
                self._take_words(command)

    def _exceeded(self, why: str) -> None:
        log.info("connection_over_budget", protocol=self._protocol.name, why=why)
        self._shut(CloseCode.POLICY_VIOLATION, why)

    def _await_more(self) -> None:
        """Take audio that the protocol keeps back, where no more comes to judge it by."""
        self._stop_waiting()
        if self._protocol.keeps_back:
            loop = asyncio.get_running_loop()
            self._kept_back = loop.call_later(NO_MORE_S, self._hear, None)

    def _stop_waiting(self) -> None:
        if self._kept_back:
            self._kept_back.cancel()
            self._kept_back = None

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

    def _refusal(self) -> Json | None:
        return self._protocol.error(
            "RATE_LIMITED",
            "Too many control messages",
            "the limit is settable: AURA_CONTROL_MESSAGES_PER_SECOND",
        )

    async def _obey(self, commands: list[Command]) -> None:
        for command in commands:
            match command:
                case Audio():
                    if self._intake:
                        await self._intake.take(command)
                case Begin():
                    await self._begin(command)
                case End(close=close):
                    await self._end_session("end_call")
                    self._send_all(self._protocol.ended())
                    if close:
                        self._shut(CloseCode.NORMAL, "", ends="end_call")
                case Reply(message):
                    self._send_all([message])
                case Transfer():
                    await self._transfer(command)
                case Reconfigure(changes):
                    self._reconfigure(changes)
                case Ask():
                    self._ask(command)
                case _:
                    self._take_words(command)

    async def _transfer(self, asked: Transfer) -> None:
        self._pace.budget.turns += 1
        transfer = self._host.transfer
        if transfer is None or not await transfer(asked.call):
            self._take_words(KeyPressed(asked.key))

    def _take_words(self, command: FromClient) -> None:
        """Give the call what the client tells it; words and keys as far as they may be stored."""
        redaction = self._host.redaction
        match command:
            case Typed(text):
                self._pace.budget.turns += 1
                self._give(Typed(redaction.mask(text)))
            case ItemAdded(role="user", text=text):
                self._give(msgspec.structs.replace(command, text=redaction.mask(text)))
            case KeyPressed():
                self._pace.budget.turns += 1
                if not redaction.hides_keys:
                    self._give(command)
            case _:
                self._give(command)

    def _give(self, command: FromClient) -> None:
        if self._shell:
            self._shell.give(command)

    def _reconfigure(self, changes: Mapping[str, Any]) -> None:
        """Set the session anew, unless it is set so by now."""
        if self._shell is None or self._opening is None:
            return
        self._opening = replace(self._opening, asked=changes)
        config = self._opening.again(changes)
        if config != self._shell.call.config:
            self._shell.give(Reconfigured(config))

    def _ask(self, ask: Ask) -> None:
        if self._shell is None:
            return
        self._pace.budget.turns += 1
        config = self._shell.call.config.but(ask.changes) if ask.changes else None
        messages = ask.messages
        if messages is not None:
            mask = self._host.redaction.mask
            messages = tuple(Message(one.role, mask(one.text)) for one in messages)
        self._shell.give(ResponseAsked(ask.ask, config, messages, ask.kept))

    # -------------------------------------------------------- the session

    async def _begin(self, begin: Begin) -> None:
        await self._end_session("end_call")
        host, protocol = self._host, self._protocol
        try:
            opening = await host.openings.open(
                begin,
                self._caller,
                protocol.name,
                self._seat,
                self._quota,
                phone=self._ws.phone is not None,
            )
        except RefusedError as refused:
            self._not_begun(refused)
            return
        self._opening = opening
        session, resumed = opening.began.session, opening.history is not None
        structlog.contextvars.bind_contextvars(session=session)
        model = host.speech_model
        shell = SessionShell(
            host.bus,
            Call(opening.began, opening.history),
            self,
            audio=CallerAudio(model.opinion() if model else None, cancel_echo=host.cancel_echo),
            recording=opening.recording,
            terms=opening.terms,
            tells_events=begin.events,
        )
        self._running = host.sessions.create_task(self._hold(shell.run(*opening.more)))
        listening = asyncio.create_task(shell.listening.wait())
        try:
            await asyncio.wait({listening, self._running}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            listening.cancel()
            self._shell = shell  # also where the client is sent away meanwhile: it is let go
        self._intake = AudioIntake(shell, self._pace, self.tell, self._broke)
        self._pace.budget.recognition = shell.recognition
        self._stopwatch.began(time.monotonic(), opening.began.config.limits)
        self._send_all([protocol.error(*one) for one in opening.ignored])
        cut = opening.history.unfinished if opening.history else None
        heard = cut.heard if cut else ""
        self._send_all(protocol.began(session, resumed=resumed, heard=heard))
        shell.give(Resumed() if resumed else Started())

    def _not_begun(self, why: RefusedError) -> None:
        """Say why a session cannot begin now; a client that came for it alone may come again."""
        log.info("session_refused", code=why.code, tenant=self._caller.tenant)
        self._protocol.ended()  # what that would tell is of a session that had begun
        self._send_all([self._protocol.error(why.code, why.message, why.details)])
        if why.ends or self._protocol.admission.one_session:
            self._shut(why.close, why.details)

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
        shell.finish(reason, may_return=self._may_return(reason))
        if self._running:
            await asyncio.wait({self._running}, timeout=LEAVES_S)
        self._let_go()
        await self._seat.leave()

    def _may_return(self, reason: EndReason) -> bool:
        """Tell whether the caller may go on with the session after it ended for *reason*."""
        return self._protocol.admission.one_session and reason != "end_call"

    def _let_go(self) -> None:
        """Leave a session that still stores events to the edge, for a while."""
        if self._intake:
            self._intake.close()
        self._intake = self._pace.budget.recognition = None
        self._stopwatch.ended(time.monotonic())
        shell, self._shell = self._shell, None
        running, self._running = self._running, None
        if shell:
            shell.finish("failed", may_return=self._may_return("failed"))
        if running and not running.done():
            asyncio.get_running_loop().call_later(STORED_S, running.cancel)

    # -------------------------------------------------------- to the client

    def tell(self, event: ClientEvent) -> None:
        if isinstance(event, Speech | Transcript):
            self._stopwatch.active(time.monotonic())
        if isinstance(event, Speech):
            if self._outgoing.full:
                counters.dropped("caller", len(event.pcm))
                return
            if self._audio_out.rate_hz != self._protocol.audio_out_hz:
                self._audio_out = AudioOut(self._protocol.audio_out_hz)
            event = replace(event, pcm=self._audio_out.feed(event.pcm, more=self._more(event)))
        elif isinstance(event, Interrupted):
            self._audio_out.drop()
        if self._ws.ear and isinstance(event, Speech | Interrupted):
            self._ws.ear.tell(event)
        if self._ws.phone and isinstance(event, ToolCalled) and event.name == SEND_DTMF.name:
            self._host.sessions.create_task(self._press(self._ws.phone, event))
            return
        self._send_all(self._protocol.messages(event))
        if isinstance(event, Trouble) and event.fatal:
            code = self._protocol.stage_close_code(event.stage)
            self._shut(code, f"{event.stage} is down")

    def _more(self, speech: Speech) -> bool:
        """Tell whether more of the same stream of audio follows: a sentence is one by itself."""
        shell = self._shell
        chunks = shell is not None and shell.call.config.voice.delivery == "chunks"
        return chunks and bool(speech.turn) and not speech.ends

    def _send_all(self, messages: Iterable[Json | None]) -> None:
        for message in messages:
            if message is not None:
                self._outgoing.put(message)
