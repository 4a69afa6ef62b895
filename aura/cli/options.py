"""Options that several commands share, and settings that they override."""

import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from aura.cli.running import CommandError, running_url
from runtime.settings import Settings, load

Port = Annotated[int | None, typer.Option(help="Port of the first edge; default PORT or 8000.")]
Host = Annotated[str | None, typer.Option(help="Address to listen on; default HOST or 0.0.0.0.")]
Url = Annotated[str | None, typer.Option(help="The edge; default: the Aura here.")]
Token = Annotated[str | None, typer.Option(help="Default: the demo token.")]
AgentName = Annotated[str, typer.Option(metavar="NAME", help="Ask for this agent.")]
Variables = Annotated[
    list[str] | None, typer.Option(metavar="NAME=VALUE", help="For its variables; repeatable.")
]


def one_id(name: str) -> str:
    """Return *name* if it is a valid id of a session or tenant, and no wildcard of NATS.

    Raises:
        CommandError: it is no valid id.
    """
    if set(name) & set("*>. \t\r\n"):
        raise CommandError(f"{name!r} is no valid id: see `aura sessions`, or `aura import` a file")
    return name


Session = Annotated[
    str,
    typer.Argument(
        metavar="SESSION",
        help="The session's id or the beginning of it; see `aura sessions`.",
        callback=one_id,
    ),
]


def variables_of(pairs: Sequence[str] | None) -> str:
    """Return an agent's variables, each NAME=VALUE, as JSON; empty: there are none.

    Raises:
        CommandError: one has no such form, or comes twice.
    """
    values = dict(pair.split("=", 1) for pair in pairs or () if "=" in pair)
    if len(values) != len(pairs or ()):
        raise CommandError("give --variable NAME=VALUE, each name once")
    return json.dumps(values) if values else ""


def agent_query(agent: str, pairs: Sequence[str] | None) -> dict[str, str]:
    """Return the query's options for an agent and its variables; see `variables_of`."""
    query = {"agent": agent, "variables": variables_of(pairs)}
    return {name: value for name, value in query.items() if value}


def edge_of(here: Settings, url: str | None, token: str | None) -> tuple[str, str]:
    """Return the address of the edge and the token to call it with."""
    return url or here.url or running_url(here), token or here.demo_token.get_secret_value()


def place(options: dict[str, Any]) -> Settings:
    """Return the settings, overridden by the options of the command line."""
    return load(**{name: value for name, value in options.items() if value is not None})
