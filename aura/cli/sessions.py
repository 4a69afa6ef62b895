"""`aura sessions`: the recorded sessions, newest first."""

from __future__ import annotations

import json
import re
import sys
import time
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from aura.bus.connection import connect
from aura.cli.here import CommandError, run
from aura.sessions.finding import sessions
from aura.sessions.listing import Row, Wanted
from aura.settings import Settings, load

_AGO = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def moment_ms(text: str, now_s: float) -> int:
    """Return the time that *text* means, Unix ms: `2h` ago, or an ISO date or time (UTC).

    Raises:
        CommandError: it means none.
    """
    if not text:
        return 0
    if found := re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text):
        return int((now_s - float(found[1]) * _AGO[found[2]]) * 1000)
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(
            f"--since {text!r}: say how long ago (30m, 2h, 1d) or when (2026-11-21T14:00)"
        ) from error
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return int(at.timestamp() * 1000)


async def show(settings: Settings, wanted: Wanted, *, as_json: bool) -> int:
    bus = await connect(settings, "aura-sessions")
    try:
        rows = await sessions(bus, wanted)
    finally:
        await bus.close()
    if as_json:
        lines = ",\n".join(json.dumps(row.as_json()) for row in rows)
        sys.stdout.write(f"[{lines}]\n")
        return 0
    if not rows:
        print("No session is recorded that fits. Make one: aura call QUESTION.wav")
        return 0
    Console().print(_table(rows))
    return 0


def _table(rows: list[Row]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name, justify in (
        ("session", "left"),
        ("tenant", "left"),
        ("user", "left"),
        ("started", "left"),
        ("length", "right"),
        ("turns", "right"),
        ("slowest", "right"),
        ("", "left"),
    ):
        table.add_column(name, justify=justify, no_wrap=name == "session")  # type: ignore[arg-type]  # a literal
    for row in rows:
        started = datetime.fromtimestamp(row.started_at_ms / 1000).astimezone()
        slowest = "" if row.slowest_ms is None else f"{row.slowest_ms:.0f} ms"
        table.add_row(
            row.session,
            row.tenant,
            row.user,
            f"{started:%d %b %H:%M:%S}",
            f"{row.duration_ms / 1000:.0f} s",
            str(row.turns),
            slowest,
            _notes(row),
        )
    return table


def _notes(row: Row) -> str:
    notes = [
        f"[red]{row.errors} error{'s' * (row.errors > 1)}[/]" if row.errors else "",
        f"[yellow]{row.interrupted} interrupted[/]" if row.interrupted else "",
        f"[dim]replay of {row.replay_of}[/]" if row.replay_of else "",
        "" if row.ended else "[dim]not ended[/]",
        f"[dim]{row.ended}[/]" if row.ended in {"failed", "drained"} else "",
    ]
    return " ".join(note for note in notes if note)


def command(
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
    as_json: Annotated[bool, typer.Option("--json", help="A list of JSON objects.")] = False,
) -> None:
    """List the recorded sessions, newest first."""
    since_ms = moment_ms(since, time.time())
    wanted = Wanted(tenant, user, since_ms, error, slow, interrupted)
    run(show(load(), wanted, as_json=as_json))
