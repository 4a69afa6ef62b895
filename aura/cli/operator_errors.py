"""Errors that an operator sees as one line; any other is a bug and keeps its traceback."""

from aura.cli.running import CommandError
from deploy.nats_server import ServerMissingError
from deploy.up import START_ERRORS
from runtime.agents.config_file import BrokenFilesError
from runtime.bus.errors import BusRefusedError
from runtime.settings import SettingsError
from workers.engines.errors import EngineError

PERMANENT_START_ERRORS = (SettingsError, EngineError, ServerMissingError, BrokenFilesError)
"""Errors of the configuration, which a restart of the process does not fix."""
OPERATOR_ERRORS = (*START_ERRORS, BusRefusedError, EngineError, CommandError, BrokenFilesError)
