"""Answers requests to one running call on the bus: its state, and commands."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from edge.call.session_bus import SessionBus
from edge.core.call import Call
from edge.core.messages.inputs import Commanded
from runtime.bus.delivery import Delivery, message_of
from schemas import subjects
from schemas.control import AnyCommand, CallReply, CallRequest, CallState, Fault, Transfer
from schemas.events import tag

log = structlog.get_logger(__name__)


class ControlListener:
    """Listens on the subject of one call while it runs."""

    def __init__(
        self,
        bus: SessionBus,
        call: Call,
        stored: Callable[[], Awaitable[None]],
        can_transfer: Callable[[str], bool],
    ) -> None:
        """*stored* returns once the event of a command to the *call* is in the log.

        *can_transfer* returns whether the call can be transferred to an agent.
        """
        self._bus = bus
        self._call = call
        self._stored = stored
        self._can_transfer = can_transfer
        self._closed = asyncio.Event()

    async def run(self, give: Callable[[Commanded], None]) -> None:
        """Listen until `close`; *give* gives a command to the call."""
        async with (
            asyncio.TaskGroup() as answering,
            self._bus.listening(
                subjects.call(self._call.began.session),
                lambda message: self._on_request(message, answering, give),
            ),
        ):
            await self._closed.wait()

    def close(self) -> None:
        """Stop answering: another connection has the call, or it is over."""
        self._closed.set()

    def state(self) -> CallState:
        """Return the state of the call."""
        call, summary = self._call, self._call.history.summary
        return CallState(
            session=call.began.session,
            tenant=call.began.tenant,
            user=summary.user,
            protocol=summary.protocol,
            agent=summary.agent,
            edge=call.began.edge,
            since_ms=summary.started_at_ms,
            turns=call.history.responses,
            state="listening" if call.listening else "responding" if call.responding else "idle",
            muted=tuple(sorted(call.history.control.muted)),
        )

    async def _on_request(
        self,
        message: Delivery,
        answering: asyncio.TaskGroup,
        give: Callable[[Commanded], None],
    ) -> None:
        if self._closed.is_set() or not message.reply:
            return
        if (request := message_of(CallRequest, message.data)) is None:
            return
        command = request.command
        fault: Fault | None = None
        if request.tenant not in {"", self._call.began.tenant}:
            fault = "unknown_call"
        elif command is not None and not (fault := self._refuses(request.id, command)):
            session = self._call.began.session
            log.info("call_commanded", session=session, action=tag(command))
            give(Commanded(request.id, request.by, command))
        answering.create_task(self._answer(message.reply, fault, waits=command is not None))

    def _refuses(self, command_id: str, command: AnyCommand) -> Fault | None:
        """Return why *command* is refused, or None."""
        done = command_id in self._call.history.control.received
        if isinstance(command, Transfer) and not done and not self._can_transfer(command.agent):
            return "cannot_transfer"
        return self._call.control.refuses(command_id, command)

    async def _answer(self, to: str, fault: Fault | None, *, waits: bool) -> None:
        if fault:
            await self._bus.send(to, CallReply(fault=fault))
            return
        state = self.state()
        if waits:
            await self._stored()
        await self._bus.send(to, CallReply(call=state))
