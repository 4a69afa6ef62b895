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
from edge.door.rate_limits import ConnectionLimit, RequestLimit
from edge.door.session_limits import SessionLimits
from edge.door.stage_monitor import StageMonitor
from edge.door.storage_monitor import StorageMonitor
from edge.door.tool_catalogue import ToolCatalogue
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
    tools: ToolCatalogue
    open: set[Connection] = field(default_factory=set)
    numbers: itertools.count[int] = field(default_factory=itertools.count)
    draining: bool = False

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
            self.tools.of,
        )


EDGE = web.AppKey("edge", Edge)
