"""Opens the sessions of all client protocols, or refuses them."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec
import structlog

from edge.call.clock import now_ms
from edge.call.config_store import ConfigStore
from edge.call.event_writer import LogTerms
from edge.call.first_events import FirstEvents
from edge.call.quotas import LogQuota, RecordingQuotas
from edge.call.recording_writer import RecordingWriter
from edge.core.call import Began
from edge.core.messages.client_commands import Begin
from edge.core.messages.client_events import Notice
from edge.core.session.history import History
from edge.door.agents.agent_choice import CallSettings, configure, configure_transfer
from edge.door.agents.agents import Agents
from edge.door.agents.caller_voices import CallerVoices
from edge.door.agents.tool_catalogue import ToolCatalogue
from edge.door.callers.auth import DEMO_TENANT, Caller
from edge.door.opening.agent_tools import tools_of
from edge.door.opening.opening_rules import RECORDED, OpeningRules, ignored
from edge.door.opening.resume import hash_of, hung_up
from edge.door.opening.resumed_log import ResumedLog
from edge.door.opening.seat import Seat, not_reachable
from edge.door.refusal import RefusedError
from edge.protocols.client_protocol import CloseCode
from runtime.agents.config_file import ConfigFileError
from runtime.bus.connection import Bus
from runtime.bus.errors import BusAwayError, BusRefusedError
from schemas.agent import AgentUsed
from schemas.events import Event, SessionResumed
from schemas.session_config import SessionConfig
from schemas.tools import ToolConfig

log = structlog.get_logger(__name__)

UNKNOWN = "-"
"""The value of variables in a prompt that is read ahead."""


@dataclass(frozen=True)
class Opening:
    """The data with which a session begins."""

    began: Began
    unstored: list[Event]
    """The first events, as far as they are not stored."""
    history: History | None
    """The history of a resumed session."""
    recording: RecordingWriter | None
    terms: LogTerms
    ignored: list[Notice]
    """The refused options of the client: code, message and details of an error each."""
    with_changes: Callable[[Mapping[str, Any]], SessionConfig]
    """Returns the session's configuration with other changes of its client."""
    latest_changes: Mapping[str, Any] | None = None
    """The client's latest changes; None: the changes of the beginning."""


@dataclass(frozen=True)
class TransferSettings:
    """The configuration of a session after a transfer to another agent."""

    config: SessionConfig
    """With the client's changes of the beginning."""
    agent: AgentUsed | None
    with_changes: Callable[[Mapping[str, Any]], SessionConfig]
    """See `Opening.with_changes`."""


@dataclass(frozen=True)
class Openings:
    """Opens the sessions of an edge."""

    bus: Bus
    edge: str
    config: SessionConfig
    """The operator's configuration, without changes of a client."""
    rules: OpeningRules
    agents: Agents
    tools: ToolCatalogue
    configs: ConfigStore
    recorded: RecordingQuotas
    voices: CallerVoices

    async def open(
        self, begin: Begin, seat: Seat, quota: LogQuota, *, phone: bool = False
    ) -> Opening:
        """Return the session that the caller of *seat* begins or resumes; the seat is taken.

        *phone*: the call is on a telephone line, which has further tools. The agent is that of the
        history: if the former connection changed it at the last moment, the session is opened anew.

        Raises:
            RefusedError: it cannot begin now.
        """
        while (opened := await self._opened(begin, seat, quota, phone=phone)) is None:
            pass
        return opened

    async def _opened(
        self, begin: Begin, seat: Seat, quota: LogQuota, *, phone: bool
    ) -> Opening | None:
        """Return the session; None: it was transferred or ended meanwhile by its old connection."""
        if why := quota.begin(time.monotonic()):
            raise _not_stored("QUOTA_EXCEEDED", "Too much for the log", why)
        caller = seat.caller
        operator = self._of_tenant(caller)
        wanted, no_voice = self.voices.allowed(begin)
        async with seat.taken() as (session, resumed):
            history = resumed.history if resumed else None
            chosen = await self.agents.call_settings(caller, wanted, operator, history)
            tools = await self._tools_of(chosen, caller, phone=phone)
            config, not_recorded = self._recorded_or_not(chosen, tools, caller)
            first = self._first_events(seat, session)
            unstored: list[Event] = []
            if resumed:
                resumes = first.resumed(config, now_ms())
                began: Began | None = await self._resume(resumed, resumes, quota)
                if began is None:
                    return None
            else:
                began = first.started(config, chosen.agent, now_ms())
                unstored.append(began)
        unstored += first.following(began, asked_to_record=RECORDED in chosen.caller_changes)
        _log_start(began, chosen.agent, seat.protocol.name)
        return Opening(
            began,
            unstored,
            resumed.history if resumed else None,
            self._recording(caller.tenant, session) if config.record_audio else None,
            LogTerms(self.configs, quota),
            ignored(chosen, no_voice, not_recorded),
            partial(self.rules.with_changes, chosen, tools, recorded=config.record_audio),
        )

    async def likely(self, most: int) -> list[SessionConfig]:
        """Return the configurations of the *most* agents applied last, without options of callers.

        Variables without a default have UNKNOWN.
        """
        found = []
        for revision in self.agents.table.latest(most):
            begin = Begin(agent=revision.name, greeting=True)
            try:
                wanted = revision.agent().variables.items()
                values = {name: UNKNOWN for name, spec in wanted if spec.default is msgspec.UNSET}
                tenant = revision.tenant or DEMO_TENANT
                caller = Caller("", tenant, agent=revision.name, variables=values)
                chosen = configure(revision, caller, begin, self._of_tenant(caller))
            except (RefusedError, ConfigFileError):
                continue
            tools = await self._tools_of(chosen, caller, phone=False, ahead=True)
            found.append(self.rules.completed(chosen.config, tools))
        return found

    async def _resume(
        self, log: ResumedLog, began: SessionResumed, quota: LogQuota
    ) -> SessionResumed | None:
        """Store the first event of a connection that resumes; see `ResumedLog.begin`.

        None: the former connection has transferred the session meanwhile, or hung up.

        Raises:
            RefusedError: the bus does not take it.
        """
        agent = log.history.agent
        try:
            stored, size_bytes = await log.begin(began, self.configs.encode)
        except BusAwayError as away:
            raise not_reachable() from away
        except BusRefusedError as error:
            too_large = "Configuration too large"
            raise _not_stored("EVENT_TOO_LARGE", too_large, str(error)) from error
        quota.spend(size_bytes, time.monotonic())
        return None if log.history.agent != agent or hung_up(log.history) else stored

    def _first_events(self, seat: Seat, session: str) -> FirstEvents:
        who, protocol, key = seat.caller, seat.protocol, hash_of(seat.resume_key)
        return FirstEvents(
            who.tenant, session, who.user, protocol.name, self.edge, key, protocol.connection
        )

    def _recording(self, tenant: str, session: str) -> RecordingWriter:
        return RecordingWriter(self.bus, tenant, session, self.recorded.of(tenant))

    async def _tools_of(
        self, chosen: CallSettings, caller: Caller, *, phone: bool, ahead: bool = False
    ) -> tuple[ToolConfig, ...]:
        table = self.agents.table
        return await tools_of(
            chosen.file, caller.tenant, self.tools, table, phone=phone, ahead=ahead
        )

    def telephone(self, name: str, caller: Caller, before: AgentUsed) -> str:
        """Return the number or address of *name* in the file of the agent *before*; empty: none."""
        found = self.agents.table.find(caller.tenant, before.name)
        try:
            return found.agent().phones.get(name, "") if found else ""
        except ConfigFileError:
            return ""

    async def transferred(
        self,
        to: str,
        caller: Caller,
        before: AgentUsed,
        now: SessionConfig,
        *,
        phone: bool = False,
    ) -> TransferSettings:
        """Return the configuration after a transfer from the agent *before* to the agent *to*.

        *now* is the configuration before it; *phone*: see `open`.

        Raises:
            RefusedError: *caller* cannot be transferred to it.
        """
        chosen = self.after_transfer(to, caller, before, now)
        tools = await self._tools_of(chosen, caller, phone=phone)
        with_changes = partial(self.rules.with_changes, chosen, tools, recorded=now.record_audio)
        return TransferSettings(
            self.rules.completed(chosen.config, tools), chosen.agent, with_changes
        )

    def after_transfer(
        self, to: str, caller: Caller, before: AgentUsed, now: SessionConfig
    ) -> CallSettings:
        """Return the configuration after the transfer, without tools.

        Raises:
            RefusedError: *caller* cannot be transferred to it.
        """
        found = self.agents.table.find(caller.tenant, to)
        return configure_transfer(found, caller, before, now, self._of_tenant(caller))

    def _of_tenant(self, caller: Caller) -> SessionConfig:
        """Return the configuration of *caller*'s tenant.

        Raises:
            RefusedError: the tenant's file cannot be read.
        """
        return self.agents.tenant(caller.tenant).applied_to(self.config)

    def _recorded_or_not(
        self, chosen: CallSettings, tools: tuple[ToolConfig, ...], caller: Caller
    ) -> tuple[SessionConfig, str]:
        """Return the configuration, and why it records nothing although *chosen* says so."""
        config = self.rules.completed(chosen.config, tools)
        why = self._not_recorded(chosen, caller) if config.record_audio else ""
        return (config.but({RECORDED: False}) if why else config), why

    def _not_recorded(self, chosen: CallSettings, caller: Caller) -> str:
        """Return why the requested recording is refused; empty: it is not."""
        if why := self.rules.recording_refusal(chosen, stranger=not caller.named):
            return why
        if why := self.recorded.of(caller.tenant).begin(time.monotonic()):
            log.warning("not_recorded", why=why)
        return why


def _not_stored(code: str, title: str, why: str) -> RefusedError:
    """Return the error of a session that the log does not take."""
    return RefusedError(code, title, why, CloseCode.POLICY_VIOLATION, ends=True)


def _log_start(began: Began, agent: AgentUsed | None, protocol: str) -> None:
    log.info(
        "session_started",
        protocol=protocol,
        tenant=began.tenant,
        agent=str(agent or ""),
        resumed=isinstance(began, SessionResumed),
        session=began.session,
    )
