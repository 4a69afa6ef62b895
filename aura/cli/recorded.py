"""The commands about recorded sessions, as they are typed; what they do is a module each."""

# ruff: noqa: PLC0415 - `aura --help` must not load what one command needs

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from aura.settings import load

Session = Annotated[str, typer.Argument(metavar="SESSION", help="Its id; see `aura sessions`.")]
Run = Callable[[Coroutine[Any, Any, int]], None]


def register(app: typer.Typer, run: Run) -> None:
    """Add the commands to *app*; *run* runs the work of one and leaves with its exit code."""

    @app.command()
    def sessions(
        *,
        tenant: Annotated[str, typer.Option(help="Only of this tenant.")] = "",
        user: Annotated[str, typer.Option(help="Only of this user.")] = "",
        since: Annotated[str, typer.Option(help="Begun since 30m, 2h, 1d ago or a time.")] = "",
        error: Annotated[bool, typer.Option("--error", help="Only with an error.")] = False,
        slow: Annotated[
            float | None, typer.Option(metavar="MS", help="Only where an answer took so long.")
        ] = None,
        interrupted: Annotated[
            bool, typer.Option("--interrupted", help="Only where the caller interrupted.")
        ] = False,
        json: Annotated[bool, typer.Option("--json", help="A list of JSON objects.")] = False,
    ) -> None:
        """List the recorded sessions, newest first."""
        from aura.cli.sessions import moment_ms, show
        from aura.sessions.listing import Wanted

        since_ms = moment_ms(since, time.time())
        wanted = Wanted(tenant, user, since_ms, error, slow, interrupted)
        run(show(load(), wanted, as_json=json))

    @app.command()
    def show(
        session: Session,
        html: Annotated[
            Path | None, typer.Option(metavar="FILE", help="Write it as a page to zoom in.")
        ] = None,
    ) -> None:
        """Draw one session: who was busy, what happened, where each turn's time went."""
        from aura.cli.show import show as draw

        run(draw(load(), session, html))
