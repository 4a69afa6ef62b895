"""The state of an edge, shared by all request handlers."""

from __future__ import annotations  # itertools.count[int] exists for mypy only

import asyncio
import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from aiohttp import web

from edge.call.config_store import ConfigStore
from edge.call.quotas import StorageQuotas
from edge.call.speech_model import SileroModel
from edge.door.agents.agents import Agents
from edge.door.agents.caller_voices import CallerVoices
from edge.door.agents.tool_catalogue import ToolCatalogue
from edge.door.callers.auth import Caller, TokenPolicy
from edge.door.callers.client_address import ClientAddresses
from edge.door.callers.client_secrets import ClientSecrets
from edge.door.callers.operators import Operators
from edge.door.connection.call_list import CallList
from edge.door.connection.connection import Connection
from edge.door.connection.edge_services import EdgeServices
from edge.door.limits.address_limits import AddressLimits
from edge.door.limits.budgets import Budgets
from edge.door.limits.common_bounds import CommonBounds
from edge.door.limits.open_files import OpenFiles
from edge.door.limits.session_limits import SessionLimits
from edge.door.limits.session_rates import SessionRates
from edge.door.limits.socket_table import SocketTable
from edge.door.limits.stage_monitor import StageMonitor
from edge.door.limits.storage_monitor import StorageMonitor
from edge.door.limits.time_limits import TimeLimits
from edge.door.limits.work_queue import WorkQueue
from edge.door.opening.likely_prompts import LikelyPrompts
from edge.door.opening.offer_cache import OfferCache
from edge.door.opening.opening import Openings
from edge.door.opening.opening_rules import ANY_SOUND_IS_A_VOICE, OpeningRules
from edge.door.opening.recording_policy import RecordingPolicy
from edge.door.opening.seat import Seats
from edge.door.twilio.calls import TWILIO_PREFIX, TwilioCalls
from edge.door.twilio.transfer import TwilioTransfer
from edge.door.webrtc.port import WebRtcPort
from edge.protocols.client_protocol import ClientProtocol, ProtocolSettings
from edge.protocols.realtime.client_secret import KEY_PREFIX
from runtime.bus.connection import Bus
from runtime.prices import PRICES
from runtime.settings import Settings
from runtime.settings.fields import listed
from runtime.text.redaction import Redaction
from schemas.control import CallState
from schemas.session_config import SessionConfig


def prices_of(settings: Settings) -> Mapping[str, tuple[float, float]]:
    """Return the prices of models, those of the operator over Aura's: see `runtime/prices.py`."""
    return {**PRICES, **settings.prices}


def config_of(settings: Settings, speech_model: SileroModel | None) -> SessionConfig:
    """Return the operator's configuration of a session."""
    known = {"response.greeting": settings.greeting, "prices.models": prices_of(settings)}
    config = settings.session.but(known)
    return config if speech_model else config.but(ANY_SOUND_IS_A_VOICE)


@dataclass
class Edge:
    """The state that all handlers of an edge share."""

    settings: Settings
    bus: Bus
    name: str
    stages: StageMonitor
    policy: TokenPolicy
    address_limits: AddressLimits
    sockets: SocketTable
    protocols: Mapping[str, type[ClientProtocol]]
    """The served protocols, by the path of the WebSocket."""
    sessions: asyncio.TaskGroup
    """Runs the sessions, one task each."""
    speech_model: SileroModel | None
    redaction: Redaction
    limits: SessionLimits
    addresses: ClientAddresses
    storage: StorageMonitor
    secrets: ClientSecrets
    tools: ToolCatalogue
    agents: Agents
    operators: Operators
    configs: ConfigStore
    quotas: StorageQuotas
    budgets: Budgets
    """The budget of each connection."""
    common: CommonBounds
    """The bounds of all connections together."""
    twilio: TwilioCalls | None = None
    """The telephone calls of Twilio; None: there is no account."""
    transfer: TwilioTransfer | None = None
    """Their transfer to a person; None: there is none."""
    webrtc: WebRtcPort | None = None
    """The port of WebRTC calls; None: Realtime is not served, or the extra is not installed."""
    work_queue: WorkQueue = field(default_factory=WorkQueue)
    """The queue of connections that send more than live speech."""
    offers: OfferCache = field(default_factory=OfferCache)
    files: OpenFiles = field(default_factory=OpenFiles)
    open: set[Connection] = field(default_factory=set)
    numbers: itertools.count[int] = field(default_factory=itertools.count)
    draining: bool = False

    @property
    def is_ready(self) -> bool:
        """Whether it takes new connections."""
        return self.bus.connected and not self.draining and not self.files.short

    def full_stage(self, address: str, stranger: bool = False) -> str:
        """Return the stage for which a new call of *address* is refused; empty: it is admitted.

        While a stage begins to fall behind, addresses that are ahead and strangers are refused, so
        that callers with a token still find room.
        """
        if full := self.stages.full():
            return full
        if stranger and (late := self.stages.job_slots.late(time.monotonic())):
            return late
        return self.stages.strained() if stranger or self.budgets.is_ahead(address) else ""

    @cached_property
    def config(self) -> SessionConfig:
        """Return the operator's configuration of a session."""
        return config_of(self.settings, self.speech_model)

    @cached_property
    def voices(self) -> frozenset[str]:
        """Return the voices that callers may choose; `*`: any."""
        return frozenset(listed(self.settings.caller_voices))

    @cached_property
    def protocol_settings(self) -> ProtocolSettings:
        has_person = self.transfer is not None and self.transfer.to != ""
        return ProtocolSettings(
            rate_hz=self.settings.sample_rate,
            prices=prices_of(self.settings),
            control_messages_per_second=self.settings.control_messages_per_second,
            models=self.settings.realtime_models_listed,
            voices=self.voices,
            transfer_key=self.settings.twilio_transfer_key if has_person else "",
        )

    async def identify(self, token: str) -> Caller | None:
        """Return the caller of *token*, also of a client secret or a telephone call, or None."""
        if self.twilio and token.startswith(TWILIO_PREFIX):
            return await self.twilio.identify(token)
        if token.startswith(KEY_PREFIX):
            return self.secrets.identify(token)
        return await self.policy.identify(token)

    @cached_property
    def call_list(self) -> CallList:
        return CallList(self.bus, self.name, self._calls)

    @cached_property
    def likely_prompts(self) -> LikelyPrompts:
        return LikelyPrompts(self.bus, self.agents, self.tools, self.services.openings)

    def _calls(self) -> list[CallState]:
        states = [connection.call_state for connection in self.open]
        return [state for state in states if state]

    @cached_property
    def services(self) -> EdgeServices:
        return EdgeServices(
            bus=self.bus,
            openings=Openings(
                bus=self.bus,
                edge=self.name,
                config=self.config,
                rules=OpeningRules(
                    knows_voices=self.speech_model is not None,
                    recording=RecordingPolicy(
                        self.settings.record_audio, bool(self.settings.redact)
                    ),
                ),
                agents=self.agents,
                tools=self.tools,
                configs=self.configs,
                recorded=self.quotas.audio,
                voices=CallerVoices(self.voices),
            ),
            control_messages_per_second=self.settings.control_messages_per_second,
            times=TimeLimits.of(self.settings),
            common=self.common,
            job_slots=self.stages.job_slots,
            speech_model=self.speech_model,
            cancel_echo=self.settings.cancels_echo,
            redaction=self.redaction,
            sessions=self.sessions,
            transfer=self.transfer.to_a_person if self.transfer else None,
        )

    @cached_property
    def seats(self) -> Seats:
        return Seats(
            bus=self.bus,
            drains=lambda: self.draining,
            full_stage=self.full_stage,
            retry_after_s=self.stages.retry_after_s,
            limits=self.limits,
            rates=SessionRates(self.address_limits.sessions, self.common.sessions),
        )


EDGE = web.AppKey("edge", Edge)
