"""Options that several commands share, and settings overridden by options."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from aura.cli.running import CommandError
from runtime.settings import Settings, load

Port = Annotated[int | None, typer.Option(help="Port of the (first) edge; default PORT or 8000.")]
Host = Annotated[str | None, typer.Option(help="Address to listen on; default HOST or 0.0.0.0.")]
Url = Annotated[str | None, typer.Option(help="The edge; default: the Aura here.")]
Token = Annotated[str | None, typer.Option(help="Default: the demo token.")]


def one_id(name: str) -> str:
    """Return *name* if it can be the id of one session or tenant, and is no wildcard of NATS.

    Raises:
        CommandError: it cannot.
    """
    if set(name) & set("*>. \t\r\n"):
        raise CommandError(f"{name!r} is no id: `aura sessions` lists those there")
    return name


Session = Annotated[
    str,
    typer.Argument(
        metavar="SESSION", help="Its id or how that begins; see `aura sessions`.", callback=one_id
    ),
]


def place(given: dict[str, Any]) -> Settings:
    """Return the settings, with the options that were given on the command line."""
    return load(**{name: value for name, value in given.items() if value is not None})
