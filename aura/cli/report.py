"""`aura report`: the warehouse's numbers as a page with plots, and a few lines in the terminal."""

# ruff: noqa: PLC0415 - `aura report --help` must not load the warehouse

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from aura.cli.running import CommandError
from runtime.settings import Settings, load

LONG_AGO = datetime(2000, 1, 1)  # noqa: DTZ001  # the warehouse's times are naive UTC


def report(settings: Settings, *, data: Path | None, start: str, tenant: str, out: Path) -> int:
    """Write the report of what happened since *start* to *out*.

    Raises:
        CommandError: nothing was kept, a time that is none, or a file that cannot be written.
        SettingsError: DuckDB is not installed.
    """
    from aura.cli.reporting.page import page, tiles
    from aura.cli.reporting.queries import figures
    from edge.protocols.prices import PRICES
    from workers.analytics import warehouse
    from workers.analytics.plugin_loader import start_of
    from workers.analytics.subscribers import SubscriberError

    folder = (data or warehouse.folder_of(settings)).expanduser()
    if not any((folder / "events").glob("*/*.parquet")):
        raise CommandError(
            f"nothing is kept in {folder}: run `aura worker analytics --module "
            "workers.analytics.warehouse --from beginning` beside your Aura, or name the folder "
            "with --data"
        )
    now = datetime.now(UTC)
    try:
        begin = start_of(start, now).at
    except SubscriberError as error:
        raise CommandError(str(error)) from error
    since = begin.astimezone(UTC).replace(tzinfo=None) if begin else LONG_AGO
    until = now.replace(tzinfo=None) + timedelta(days=1)  # edges whose clocks are ahead
    with warehouse.database(folder) as db:
        found = figures(db, since, until, {**PRICES, **settings.prices}, tenant)
    if not found.totals:
        raise CommandError("nothing happened in that time: choose another --from or --tenant")
    title = f"Aura, {tenant}" if tenant else "Aura"
    try:
        out.write_text(page(found, title=title, now=now), encoding="utf-8")
    except OSError as error:
        raise CommandError(f"--html {out}: {error.strerror}") from error
    console = Console(highlight=False)
    for name, value in tiles(found.totals):
        console.print(f"{name:22} {value}")
    console.print(f"\nThe report is in {out}.", soft_wrap=True)
    return 0


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
