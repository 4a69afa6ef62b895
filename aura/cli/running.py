"""What all commands share: the URL of the Aura that runs here, and running a coroutine."""

# ruff: noqa: PLC0415 - `aura --help` reads this, and is to be there at once

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from runtime.settings import Settings


class CommandError(Exception):
    """A command cannot do its work; the message is the one line that the operator reads."""


def running_url(here: Settings) -> str:
    """Return the URL of the Aura that runs here."""
    try:
        found = json.loads((here.data_dir / "up.json").read_text(encoding="utf-8"))
        return str(found["url"])
    except (OSError, ValueError, KeyError):
        return f"http://127.0.0.1:{here.port}"


def run(work: Coroutine[Any, Any, int]) -> None:
    """Run *work* on the fastest loop there is and leave with its exit code.

    Unless a service has configured its logs, only errors are logged, to stderr: stdout is for the
    command's result.
    """
    import structlog

    from runtime import logs

    if not structlog.is_configured():
        logs.configure_command(logging.ERROR)
    try:
        import uvloop  # not everywhere

        code = uvloop.run(work)
    except ImportError:
        code = asyncio.run(work)
    raise typer.Exit(code)


def role(settings: Settings, name: str, work: Coroutine[Any, Any, int]) -> None:
    """Run a service process, with the logs of a service called *name*."""
    import structlog

    from runtime import logs

    logs.configure(settings, name)
    if (env_file := Path(".env")).is_file():  # of the folder we happen to be started in
        structlog.get_logger().info("env_file_read", file=str(env_file.resolve()))
    run(work)
