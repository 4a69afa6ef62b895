"""The state that all handlers of an edge share."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web

from edge.call.config_store import ConfigStore
from edge.call.quotas import LogQuotas, RecordingQuotas
from edge.call.recording_policy import RecordingPolicy
from edge.call.speech_model import SileroModel
from edge.door.auth import TokenPolicy
from edge.door.client_address import ClientAddresses
from edge.door.connection import Connection, Host
from edge.door.rate_limits import ConnectionLimit, RequestLimit
from edge.door.session_limits import SessionLimits
from edge.door.stage_monitor import StageMonitor
from edge.door.storage_monitor import StorageMonitor
from runtime.bus.connection import Bus
from runtime.redaction import Redaction
from runtime.settings import Settings
from schemas.session_config import SessionConfig


def config_of(settings: Settings, speech_model: SileroModel | None) -> SessionConfig:
    """Return the configuration of a session that asks for nothing else, without a greeting."""
    config = settings.session
    if speech_model is None:  # any sound might be taken for a voice
        config = config.but({"interruption.voice_ms": 0})
    return config


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
    configs: ConfigStore
    log_quotas: LogQuotas
    recorded: RecordingQuotas
    open: set[Connection] = field(default_factory=set)
    numbers: itertools.count[int] = field(default_factory=itertools.count)
    draining: bool = False

    @property
    def host(self) -> Host:
        return Host(
            self.bus,
            self.name,
            config_of(self.settings, self.speech_model),
            self.settings.greeting,
            self.settings.control_messages_per_second,
            self.speech_model,
            self.settings.cancels_echo,
            self.redaction,
            self.sessions,
            self.configs,
            RecordingPolicy(self.settings.record_audio, bool(self.settings.redact)),
            self.recorded,
        )


EDGE = web.AppKey("edge", Edge)
