"""`aura sessions`: the recorded sessions, newest first."""

import json
import re
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.segment import Segment, Segments
from rich.style import Style

from aura.cli.running import CommandError, run
from aura.cli.terminal import room
from runtime.bus.connection import connect
from runtime.sessions.finding import sessions
from runtime.sessions.listing import ListedSession, SessionFilter
from runtime.settings import Settings, load
from runtime.text.printable import printable

_AGO = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def moment_ms(text: str, now_s: float) -> int:
    """Parse *text* to Unix ms: `2h` (ago), or an ISO date or time (UTC).

    Raises:
        CommandError: the text has none of these forms.
    """
    if not text:
        return 0
    if match := re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text):
        return int((now_s - float(match[1]) * _AGO[match[2]]) * 1000)
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(
            f"--since {text!r}: write how long ago (30m, 2h, 1d) or a time (2026-11-21T14:00)"
        ) from error
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return int(at.timestamp() * 1000)


async def show(settings: Settings, wanted: SessionFilter, *, as_json: bool) -> int:
    async with await connect(settings, "aura-sessions") as bus:
        rows = await sessions(bus, wanted)
    if as_json:
        lines = ",\n".join(json.dumps(row.as_json()) for row in rows)
        sys.stdout.write(f"[{lines}]\n")
        return 0
    if not rows:
        print("No recorded session matches. Make one: aura call QUESTION.wav")
        return 0
    console = Console()
    console.print(Segments(drawing(rows, room(console))), soft_wrap=True, end="")
    return 0


SESSION_COLUMNS = ("session", "tenant", "user", "started", "length", "turns", "slowest", "")
RIGHT = {"length", "turns", "slowest"}
RED, YELLOW, DIM = Style(color="red"), Style(color="yellow"), Style(dim=True)


def drawing(rows: Sequence[ListedSession], columns: int | None = None) -> Iterator[Segment]:
    """Yield the list line by line, since a rich table takes ten seconds for ten thousand rows.

    Lines have at most *columns*, or any length if it is None.
    """
    cells = [SESSION_COLUMNS, *((*_cells(row), "") for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for number, row in enumerate(cells):
        padded = [
            cell.rjust(width) if name in RIGHT else cell.ljust(width)
            for name, cell, width in zip(SESSION_COLUMNS, row, widths, strict=True)
        ]
        line = [Segment("  ".join(padded), Style(bold=True) if not number else None)]
        if number:
            line += _notes(rows[number - 1])
        yield from line if columns is None else Segment.adjust_line_length(line, columns, pad=False)
        yield Segment("\n")


def _cells(row: ListedSession) -> tuple[str, ...]:
    started = datetime.fromtimestamp(row.started_at_ms / 1000).astimezone()
    slowest = "" if row.slowest_ms is None else f"{row.slowest_ms:.0f} ms"
    length = f"{row.duration_ms / 1000:.0f} s"
    when = f"{started:%d %b %H:%M:%S}"
    names = map(printable, (row.session, row.tenant, row.user))
    return *names, when, length, str(row.turns), slowest


def _notes(row: ListedSession) -> Iterator[Segment]:
    if row.errors:
        yield Segment(f"{row.errors} error{'s' * (row.errors > 1)} ", RED)
    if row.interrupted:
        yield Segment(f"{row.interrupted} interrupted ", YELLOW)
    if row.agent:
        yield Segment(printable(f"{row.agent} "), DIM)
    if row.replay_of:
        yield Segment(printable(f"replay of {row.replay_of} "), DIM)
    if not row.ended:
        yield Segment("not ended ", DIM)
    if row.ended in {"failed", "drained", "forsaken"}:
        yield Segment(row.ended, DIM)


def command(  # noqa: PLR0913  # the options of the command
    *,
    tenant: Annotated[str, typer.Option(help="Only of this tenant.")] = "",
    user: Annotated[str, typer.Option(help="Only of this user.")] = "",
    since: Annotated[str, typer.Option(help="Only calls since 30m, 2h, 1d ago or a time.")] = "",
    error: Annotated[bool, typer.Option("--error", help="Only with an error.")] = False,
    slow: Annotated[
        float | None,
        typer.Option(metavar="MS", help="Only calls with a response that took so long."),
    ] = None,
    interrupted: Annotated[
        bool, typer.Option("--interrupted", help="Only where the caller interrupted.")
    ] = False,
    all_kinds: Annotated[
        bool, typer.Option("--all", help="Also requests to the speech endpoints.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="A list of JSON objects.")] = False,
) -> None:
    """List the recorded sessions, newest first."""
    since_ms = moment_ms(since, time.time())
    wanted = SessionFilter(
        tenant, user, since_ms, error, slow, interrupted, calls_only=not all_kinds
    )
    run(show(load(), wanted, as_json=as_json))
