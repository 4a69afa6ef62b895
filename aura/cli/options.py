"""Options that several commands share, and settings that they override."""

from typing import Annotated, Any

import typer

from aura.cli.running import CommandError
from runtime.settings import Settings, load

Port = Annotated[int | None, typer.Option(help="Port of the first edge; default PORT or 8000.")]
Host = Annotated[str | None, typer.Option(help="Address to listen on; default HOST or 0.0.0.0.")]
Url = Annotated[str | None, typer.Option(help="The edge; default: the Aura here.")]
Token = Annotated[str | None, typer.Option(help="Default: the demo token.")]


def one_id(name: str) -> str:
    """Return *name* if it is a valid id of a session or tenant, and no wildcard of NATS.

    Raises:
        CommandError: it is no valid id.
    """
    if set(name) & set("*>. \t\r\n"):
        raise CommandError(f"{name!r} is no valid id: `aura sessions` lists the recorded sessions")
    return name


Session = Annotated[
    str,
    typer.Argument(
        metavar="SESSION",
        help="The session's id or the beginning of it; see `aura sessions`.",
        callback=one_id,
    ),
]


def place(options: dict[str, Any]) -> Settings:
    """Return the settings, overridden by the options of the command line."""
    return load(**{name: value for name, value in options.items() if value is not None})
