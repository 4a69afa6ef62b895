"""What every command shares: the Aura that runs here, and how a command runs and fails."""

# ruff: noqa: PLC0415 - `aura --help` reads this, and is to be there at once

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
    """What an operator is told, in one line."""


def running_url(here: Settings) -> str:
    """Return the URL of the Aura that runs here."""
    try:
        found = json.loads((here.data_dir / "up.json").read_text(encoding="utf-8"))
        return str(found["url"])
    except (OSError, ValueError, KeyError):
        return f"http://127.0.0.1:{here.port}"


def run(work: Coroutine[Any, Any, int]) -> None:
    """Run *work* on the fastest loop there is and leave with its exit code.

    Where *work* is no service only errors are logged, to stderr: a command says itself what is
    wrong, and stdout is for what was asked for.
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
    """Run a service process: what is wrong with its configuration is said and ends it for good."""
    from runtime import logs

    logs.configure(settings, name)
    run(work)
