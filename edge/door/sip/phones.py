"""The telephones of a SIP account: incoming and placed calls.

A call is admitted like any other, and is then a session like any other: see `http/websockets.py`.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import structlog
from baresip import (
    BaresipError,
    Call,
    CallBusy,
    CallDeclined,
    CallTimeout,
    RegistrationError,
    Runtime,
    UserAgent,
)

from edge.call import counters
from edge.door.callers.auth import Caller
from edge.door.http.websockets import hold
from edge.door.limits.pace import Pace
from edge.door.limits.rate_limits import AddressRate
from edge.door.line.transport import LineTransport
from edge.door.opening.seat import Seat, new_session
from edge.door.sip.line import SipLine
from edge.door.sip.stack import TO, account_of, address_of, config_of, dialled
from edge.door.state import Edge
from edge.protocols.client_protocol import Handshake
from edge.protocols.sip import SipProtocol
from runtime.bus.delivery import Delivery, message_of
from runtime.settings import SettingsError
from runtime.tasks import scoped_task
from schemas import names, subjects
from schemas.control import CallPlaced, CallPlacing, PlacingFault
from schemas.subjects import is_token

log = structlog.get_logger(__name__)

REGISTER_RETRY_S = 30.0
"""The pause, seconds, before a failed registration is tried again."""
LONGEST_RING_S = 60.0
"""The longest time of ringing, seconds."""
CALLS_PER_MINUTE = 6.0
"""The rate of incoming calls for each line; it is shared by all, since senders can be forged."""
GROUP = "sip"
"""The queue group of the processes that place calls: each request goes to one."""
USER = re.compile(r"sips?:\+?([^@;>]*)@", re.IGNORECASE)
ADDRESS = re.compile(r"\+?[0-9*#]{1,32}|sips?:[^\s<>\"]{1,200}", re.IGNORECASE)
"""The form of a target: a number, completed by the account's domain, or an address."""

FAULTS: dict[type[Exception], PlacingFault] = {
    CallBusy: "busy",
    CallDeclined: "declined",
    CallTimeout: "no_answer",
}


@dataclass(frozen=True)
class PhoneCall:
    """A new call: its caller, and the handshake data of its protocol."""

    tenant: str
    query: dict[str, str]
    session: str


class Phones:
    """The telephones of one SIP account."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._settings = settings = edge.settings
        self._runtime = Runtime(native_log_level="error")
        self._agent: UserAgent | None = None
        self._tenant = names.stored(settings.sip_tenant)
        self._rate = AddressRate(CALLS_PER_MINUTE * settings.sip_max_calls)

    @asynccontextmanager
    async def served(self) -> AsyncIterator[None]:
        """Take calls, and place requested ones, inside the block.

        Raises:
            SettingsError: the account or the addresses are invalid.
        """
        settings = self._settings
        try:
            await self._runtime.start(config_of(settings))
            self._agent = await UserAgent.create(self._runtime, account_of(settings))
        except (BaresipError, ValueError) as error:
            with suppress(BaresipError):
                await self._runtime.close()
            raise SettingsError(f"AURA_SIP_...: {error}") from error
        self._agent.on_incoming(self.take)
        try:
            async with (
                scoped_task(self._stay_registered(self._agent)),
                self._edge.bus.listening(subjects.DIAL, self._on_dial, group=GROUP),
            ):
                yield
        finally:
            await self._runtime.close()

    async def _stay_registered(self, agent: UserAgent) -> None:
        """Register, again after failures; the stack renews the registration."""
        if not self._settings.sip_register:
            return
        while True:
            try:
                await agent.register()
            except (RegistrationError, BaresipError) as error:
                log.warning("sip_not_registered", why=type(error).__name__)
                await asyncio.sleep(REGISTER_RETRY_S)
            else:
                log.info("sip_registered")
                return

    # -------------------------------------------------------- incoming calls

    def take(self, call: Call) -> None:
        """Answer an incoming call, in a task, unless the edge drains or is full."""
        self._edge.sessions.create_task(self._take_call(call))

    async def _take_call(self, call: Call) -> None:
        query = {"dialled": number_in(call.headers.get(TO, ""))}
        if agent := self._settings.sip_agent:
            query["agent"] = agent
        try:
            too_often = self._rate.refuse_s("", time.monotonic()) > 0
            if too_often or self._edge.draining or self._edge.full_stage(""):
                counters.refused("sip")
                await call.reject()
                return
            await self._hold(
                call, PhoneCall(self._tenant, query, new_session()), self._answer(call)
            )
        except BaresipError as error:  # the caller has left
            log.info("call_not_answered", why=type(error).__name__)
        except Exception:  # the boundary: a failing call ends no other
            log.exception("sip_call_broken")

    async def _answer(self, call: Call) -> None:
        await call.answer()
        await call.wait_established()

    # -------------------------------------------------------- placed calls

    async def _on_dial(self, message: Delivery) -> None:
        if not message.reply:
            return
        if (placing := message_of(CallPlacing, message.data)) is None:
            return
        self._edge.sessions.create_task(self._place(placing, message.reply))

    async def _place(self, placing: CallPlacing, reply: str) -> None:
        """Call somebody, reply whether they answered, and hold the call."""
        agent = self._agent
        if self._edge.draining or agent is None or not ADDRESS.fullmatch(placing.to):
            await self._edge.bus.send(reply, CallPlaced(fault="refused"))
            return
        query = {"agent": placing.agent or self._settings.sip_agent, "variables": placing.variables}
        tenant = names.stored(placing.tenant or self._settings.sip_tenant)
        new = PhoneCall(tenant, {name: text for name, text in query.items() if text}, new_session())
        log.info("call_placed", session=new.session, tenant=tenant)
        try:
            call = await dialled(self._runtime, agent, address_of(self._settings, placing.to))
            await self._hold(call, new, self._ring(call, reply, new.session))
        except (BaresipError, ValueError) as error:
            log.info("call_not_placed", why=type(error).__name__)
            await self._edge.bus.send(reply, CallPlaced(fault=FAULTS.get(type(error), "failed")))
        except Exception:  # the boundary: a failing call ends no other
            log.exception("sip_call_broken")
            await self._edge.bus.send(reply, CallPlaced(fault="failed"))

    async def _ring(self, call: Call, reply: str, session: str) -> None:
        await call.wait_established(LONGEST_RING_S)
        await self._edge.bus.send(reply, CallPlaced(session=session))

    # -------------------------------------------------------- a call

    async def _hold(self, call: Call, new: PhoneCall, answered: Coroutine[Any, Any, None]) -> None:
        """Hold *call* once it was *answered* until it is over.

        Raises:
            BaresipError: it was not answered.
        """
        edge, address = self._edge, f"sip {call.handle}"
        handshake = Handshake(f"conn_{next(edge.numbers)}", new.query)
        protocol = SipProtocol(handshake)
        with edge.budgets.opened(address, time.monotonic()) as budget:
            transport = LineTransport(Pace(budget, edge.work_queue, edge.stages.strained))
            line = SipLine(
                call, transport.arrived, lambda sent: transport.commanded(protocol.played(*sent))
            )
            transport.attach(line, line)
            try:
                await answered
                caller = Caller(names.of_sip(call.call_id or address), new.tenant)
                async with scoped_task(line.run()):
                    seat = Seat(edge.seats, protocol, caller, address, session=new.session)
                    await hold(edge, transport, seat)
            finally:
                await line.close()


def number_in(address: str) -> str:
    """Return the user part of an address, if it may be the name of an agent."""
    found = USER.search(address)
    return found[1] if found and is_token(found[1]) else ""
