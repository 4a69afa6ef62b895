"""Common parts of all commands: the URL of the local Aura, and running a coroutine."""

# ruff: noqa: PLC0415 - `aura --help` imports this module and must be fast

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from runtime.settings import Settings


class CommandError(Exception):
    """A command failed; the message is the line that the operator reads."""


def running_url(here: Settings) -> str:
    """Return the URL of the local Aura."""
    try:
        record = json.loads((here.data_dir / "up.json").read_text(encoding="utf-8"))
        return str(record["url"])
    except (OSError, ValueError, KeyError):
        return f"http://127.0.0.1:{here.port}"


def run(work: Coroutine[Any, Any, int]) -> None:
    """Run *work* on the fastest available event loop, and exit with its exit code.

    Unless a service has configured its logs, only errors are logged, to stderr, since stdout holds
    the command's result.
    """
    import structlog

    from runtime.process import logs

    if not structlog.is_configured():
        logs.configure_command(logging.ERROR)
    try:
        import uvloop  # not available on all systems

        code = uvloop.run(work)
    except ImportError:
        code = asyncio.run(work)
    raise typer.Exit(code)


def role(settings: Settings, name: str, work: Coroutine[Any, Any, int]) -> None:
    """Run a service process, with the logs of a service called *name*."""
    import structlog

    from aura.cli import env_file
    from runtime.process import logs

    logs.configure(settings, name)
    if in_force := env_file.settings_in_force():
        file, names = in_force
        structlog.get_logger().info("env_file_read", file=str(file), sets=names)
    run(work)
