"""The state that all handlers of an edge share."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web

from edge.call.speech_model import SileroModel
from edge.door.auth import TokenPolicy
from edge.door.client_address import ClientAddresses
from edge.door.connection import Connection, Host
from edge.door.connection_budget import Budgets
from edge.door.pace import Lane
from edge.door.rate_limits import ConnectionLimit, RequestLimit
from edge.door.session_limits import SessionLimits
from edge.door.stage_monitor import StageMonitor
from edge.door.storage_monitor import StorageMonitor
from runtime.bus.connection import Bus
from runtime.redaction import Redaction
from runtime.settings import Settings


@dataclass
class Edge:
    """The state that all handlers of an edge share."""

    settings: Settings
    bus: Bus
    name: str
    stages: StageMonitor
    policy: TokenPolicy
    requests: RequestLimit
    connections: ConnectionLimit
    sessions: asyncio.TaskGroup
    """Runs the sessions, one task each."""
    speech_model: SileroModel | None
    redaction: Redaction
    prices: Mapping[str, tuple[float, float]]
    limits: SessionLimits
    addresses: ClientAddresses
    storage: StorageMonitor
    budgets: Budgets
    """What each connection may cost."""
    lane: Lane = field(default_factory=Lane)
    """Of work that is ahead of live speech."""
    open: set[Connection] = field(default_factory=set)
    numbers: itertools.count[int] = field(default_factory=itertools.count)
    draining: bool = False

    def is_full(self, address: str) -> str:
        """Return the stage for whose sake a new call of *address* is refused; empty: it may come.

        Where a stage begins to fall behind, the first to be refused are those who are ahead.
        """
        if full := self.stages.full():
            return full
        return self.stages.strained() if self.budgets.is_ahead(address) else ""

    @property
    def host(self) -> Host:
        config = self.settings.session
        if self.speech_model is None:  # any sound might be taken for a voice
            config = config.but({"interruption.voice_ms": 0})
        return Host(
            self.bus,
            self.name,
            config,
            self.settings.greeting,
            self.settings.control_messages_per_second,
            self.speech_model,
            self.settings.cancels_echo,
            self.redaction,
            self.sessions,
        )


EDGE = web.AppKey("edge", Edge)
