"""What a session begins with: all that may refuse it is asked here, for every client protocol."""

from __future__ import annotations

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
from edge.call.recording_policy import RecordingPolicy
from edge.call.recording_writer import RecordingWriter
from edge.core.call import Began
from edge.core.client_commands import Begin
from edge.core.session.history import History
from edge.door.agent_choice import Settled
from edge.door.agents import Agents
from edge.door.auth import Caller
from edge.door.caller_voices import CallerVoices
from edge.door.refusal import RefusedError
from edge.door.seat import Seat
from edge.door.tool_catalogue import ToolCatalogue
from edge.protocols.client_protocol import CloseCode
from runtime.bus.connection import Bus
from schemas.events import Event
from schemas.session_config import SessionConfig

log = structlog.get_logger(__name__)

RECORDED = "record_audio"
"""The value of the configuration that has the audio kept."""
ANY_SOUND_IS_A_VOICE = {"interruption.voice_ms": 0}
"""Where no model of speech listens, voice alone stops no response."""


@dataclass(frozen=True)
class Opening:
    """A session that may begin."""

    began: Began
    more: list[Event]
    """Events that follow the first one."""
    history: History | None
    """The session goes on: what was said so far."""
    recording: RecordingWriter | None
    terms: LogTerms
    ignored: list[tuple[str, str, str]]
    """What the client asked for and does not have: code, message and details of an error each."""
    again: Callable[[Mapping[str, Any]], SessionConfig]
    """Returns what the session is set to with other changes of its client."""


@dataclass(frozen=True)
class Openings:
    """What an edge asks, and says, when a session begins."""

    bus: Bus
    edge: str
    config: SessionConfig
    """The operator's, of a session that asks for nothing else."""
    knows_voices: bool
    """A model of speech listens."""
    agents: Agents
    tools: ToolCatalogue
    """Offered where neither the agent nor anybody else names some."""
    configs: ConfigStore
    recording: RecordingPolicy
    recorded: RecordingQuotas
    voices: CallerVoices

    async def open(
        self, begin: Begin, caller: Caller, protocol: str, seat: Seat, quota: LogQuota
    ) -> Opening:
        """Return the session that *caller* begins, or goes on with; *seat* is taken for it.

        Raises:
            RefusedError: it cannot begin now.
        """
        if why := quota.begin(time.monotonic()):
            title = "Too much for the log"
            raise RefusedError("QUOTA_EXCEEDED", title, why, CloseCode.POLICY_VIOLATION, ends=True)
        begin, no_voice = self.voices.allowed(begin)
        session, history = await seat.take()
        try:
            settled = await self.agents.settled(caller, begin, self.config, history)
        except RefusedError:
            await seat.leave()
            raise
        ignored = []
        if left_out := [*settled.left_out, *([no_voice] if no_voice else [])]:
            ignored.append(("INVALID_OPTION", "Option ignored", "; ".join(left_out)))
        config = self._completed(settled.config, caller)
        if config.record_audio and (why := self._not_recorded(settled, caller)):
            config = config.but({RECORDED: False})
            if RECORDED in settled.asked:
                ignored.append(("NOT_RECORDED", "The sound is not kept", why))
        first = FirstEvents(caller.tenant, session, caller.user, protocol, self.edge)
        resumed = history is not None
        began = first.began(config, settled.agent, resumed=resumed, now_ms=now_ms())
        recording = None
        if config.record_audio:
            recorded = self.recorded.of(caller.tenant)
            recording = RecordingWriter(self.bus, caller.tenant, session, recorded)
        log.info(
            "session_started",
            protocol=protocol,
            tenant=caller.tenant,
            agent=str(settled.agent or ""),
            resumed=resumed,
            session=session,
        )
        return Opening(
            began,
            first.more(began, asked_to_record=RECORDED in settled.asked),
            history,
            recording,
            LogTerms(self.configs, quota),
            ignored,
            partial(self._again, settled, caller, recorded=config.record_audio),
        )

    def _completed(self, config: SessionConfig, caller: Caller) -> SessionConfig:
        """Return *config* with what this edge and the tenant add to it.

        The tenant's tools are offered beside the client's own, where nobody else names some.
        """
        if not self.knows_voices:
            config = config.but(ANY_SOUND_IS_A_VOICE)
        if any(tool.kind != "client" for tool in config.tools):
            return config
        named = {tool.name for tool in config.tools}
        offered = [one for one in self.tools.of(caller.tenant) if one.name not in named]
        return msgspec.structs.replace(config, tools=(*config.tools, *offered))

    def _again(
        self, settled: Settled, caller: Caller, changes: Mapping[str, Any], *, recorded: bool
    ) -> SessionConfig:
        """Return what a session is set to with other *changes* of its client."""
        config = settled.again(changes) if settled.again else settled.config
        config = msgspec.structs.replace(config, record_audio=recorded)
        return self._completed(config, caller)

    def _not_recorded(self, settled: Settled, caller: Caller) -> str:
        """Return why the audio is not kept although somebody wants it; empty: it is."""
        asked = RECORDED in settled.asked or settled.agent is not None
        stranger = RECORDED in settled.asked and not caller.named
        if why := self.recording.refusal(asked=asked, stranger=stranger):
            return why
        if why := self.recorded.of(caller.tenant).begin(time.monotonic()):
            log.warning("not_recorded", why=why)
        return why
