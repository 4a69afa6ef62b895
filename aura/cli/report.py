"""`aura report`: the warehouse's numbers as a page with plots, and a few lines in the terminal."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from aura.cli.reporting.page import milliseconds, moment, page, tiles
from aura.cli.reporting.queries import Figures, figures
from aura.cli.running import CommandError
from aura.cli.terminal import cut, room
from runtime.prices import PRICES
from runtime.settings import Settings, load
from workers.analytics import warehouse
from workers.analytics.plugin_loader import start_of
from workers.analytics.subscribers import SubscriberError

LONG_AGO = datetime(2000, 1, 1)  # noqa: DTZ001  # the warehouse's times are naive UTC
MOST_PRINTED_FAILURES = 10
"""Failed calls in the terminal; the page has more of them."""


def report(settings: Settings, *, data: Path | None, start: str, tenant: str, out: Path) -> int:
    """Write the report of what happened since *start* to *out*.

    Raises:
        CommandError: nothing was kept, a time that is none, or a file that cannot be written.
        SettingsError: DuckDB is not installed.
    """
    now = datetime.now(UTC)
    counted = _figures(settings, data, start, tenant, now)
    title = f"Aura, {tenant}" if tenant else "Aura"
    try:
        out.write_text(page(counted, title=title, now=now), encoding="utf-8")
    except OSError as error:
        raise CommandError(f"--html {out}: {error.strerror}") from error
    console = Console(highlight=False)
    columns = room(console)
    for line in summary(counted):
        console.print(cut(line, columns), markup=False, soft_wrap=True)
    console.print(f"\nThe report is in {out}.", soft_wrap=True)
    return 0


def _figures(
    settings: Settings, data: Path | None, start: str, tenant: str, now: datetime
) -> Figures:
    """Return the figures of what happened between *start* and *now*.

    Raises:
        CommandError: nothing was kept or happened, or a time that is none.
        SettingsError: DuckDB is not installed.
    """
    folder = (data or warehouse.folder_of(settings)).expanduser()
    if not any((folder / "events").glob("*/*.parquet")):
        raise CommandError(
            f"nothing is kept in {folder}: run `aura worker analytics --module "
            "workers.analytics.warehouse --from beginning` beside your Aura, or name the folder "
            "with --data"
        )
    try:
        begin = start_of(start, now).at
    except SubscriberError as error:
        raise CommandError(str(error)) from error
    since = begin.astimezone(UTC).replace(tzinfo=None) if begin else LONG_AGO
    until = now.replace(tzinfo=None) + timedelta(days=1)  # edges whose clocks are ahead
    with warehouse.database(folder) as db:
        counted = figures(db, since, until, {**PRICES, **settings.prices}, tenant)
    if not counted.totals:
        raise CommandError("nothing happened in that time: choose another --from or --tenant")
    return counted


def summary(counted: Figures) -> Iterator[str]:
    """Yield the headline numbers, the slowest calls and the newest of the failed, as lines."""
    shown = tiles(counted.totals)
    wide = max(len(name) for name, _ in shown)
    yield from (f"{name:{wide}}  {value}" for name, value in shown)
    if counted.slowest:
        yield "\nThe slowest calls, by their longest wait:"
    for row in counted.slowest:
        waited = milliseconds(row["waited_ms"])
        yield f"  {row['session']}  {moment(row['at_utc'])}  turn {row['turn']}  {waited}"
    if counted.failed:
        yield f"\nFailed calls ({len(counted.failed)}), the newest first:"
    for row in counted.failed[:MOST_PRINTED_FAILURES]:
        details = ", ".join(filter(None, (row["what"], f"errors: {row['errors']}")))
        yield f"  {row['session']}  {moment(row['at_utc'])}  {details}"
    if counted.slowest or counted.failed:
        yield "Look at one: aura show CALL"


def command(
    html: Annotated[Path, typer.Option(help="Where the page goes.")] = Path("report.html"),
    start: Annotated[
        str, typer.Option("--from", help="beginning, 2h or 7d (ago), or a time.")
    ] = "7d",
    tenant: Annotated[str, typer.Option(help="Only this tenant.")] = "",
    data: Annotated[
        Path | None, typer.Option(help="The warehouse; default AURA_ANALYTICS_DIR.")
    ] = None,
) -> None:
    """Draw latencies, talk, interruptions, speculation, errors and cost as one HTML page.

    The numbers come from `aura worker analytics --module workers.analytics.warehouse`.
    """
    raise typer.Exit(report(load(), data=data, start=start, tenant=tenant, out=html))
