"""The state that all handlers of an edge share."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web

from edge.call.speech_model import SileroModel
from edge.door.address_limits import AddressLimits
from edge.door.auth import TokenPolicy
from edge.door.client_address import ClientAddresses
from edge.door.connection import Connection, Host
from edge.door.open_files import OpenFiles
from edge.door.seat import Seats
from edge.door.session_limits import SessionLimits
from edge.door.socket_table import SocketTable
from edge.door.stage_monitor import StageMonitor
from edge.door.storage_monitor import StorageMonitor
from edge.door.time_limits import TimeLimits
from edge.protocols.client_protocol import ClientProtocol
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
    address_limits: AddressLimits
    sockets: SocketTable
    files: OpenFiles
    protocols: Mapping[str, type[ClientProtocol]]
    """Those that are served, by the path of the WebSocket."""
    sessions: asyncio.TaskGroup
    """Runs the sessions, one task each."""
    speech_model: SileroModel | None
    redaction: Redaction
    prices: Mapping[str, tuple[float, float]]
    limits: SessionLimits
    addresses: ClientAddresses
    storage: StorageMonitor
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
            TimeLimits.of(self.settings),
            self.speech_model,
            self.settings.cancels_echo,
            self.redaction,
            self.sessions,
        )

    @property
    def seats(self) -> Seats:
        return Seats(self.bus, self.stages, self.limits, self.address_limits.conversations)


EDGE = web.AppKey("edge", Edge)
