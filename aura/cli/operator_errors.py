"""The errors that are one line to an operator; all others are bugs and keep their traceback."""

from __future__ import annotations

from aura.cli.running import CommandError
from deploy.nats_server import ServerMissingError
from deploy.provision import ProvisionError
from deploy.supervisor import HopelessError
from runtime.bus.errors import BusAwayError
from runtime.settings import SettingsError
from workers.engines.protocols import EngineError

HOPELESS = (SettingsError, EngineError, ServerMissingError)
"""Trying again changes nothing."""
KNOWN = (*HOPELESS, CommandError, BusAwayError, ProvisionError, HopelessError)
