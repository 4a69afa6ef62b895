"""`aura workers`: the processes, their load, and the backlog of each stage."""

import asyncio
import json
import sys
from collections.abc import Sequence
from typing import Annotated

import msgspec
import typer
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from aura.cli.running import run
from runtime.bus.connection import Bus, connect
from runtime.bus.consumer_lag import Queue, queues
from runtime.bus.discovery import Service, discover
from runtime.bus.errors import BusAwayError
from runtime.bus.silence import SILENCE_S
from runtime.process.stopping import stop_event
from runtime.settings import Settings, load
from runtime.tasks import scoped_task
from runtime.text.printable import printable
from schemas.stages import STAGE_NAMES

STAGES_POLL_S = 1.0
"""The time between two looks at the bus; the jobs done in between give the rate."""
ORDER = ("edge", *STAGE_NAMES)


class ProcessRow(msgspec.Struct, frozen=True):
    """One process in the table. Numbers that its role does not have are None."""

    role: str
    id: str
    pid: int | None
    model: str | None
    slots: int | None
    in_flight: int | None
    """Current jobs of a worker, or calls of an edge."""
    done: int | None
    failed: int | None
    done_per_s: float | None
    draining: bool = False


class Look(msgspec.Struct, frozen=True):
    """The processes and stages at one moment."""

    workers: list[ProcessRow]
    stages: list[Queue]


def look_of(
    now: Sequence[Service], before: Sequence[Service], elapsed_s: float, stages: list[Queue]
) -> Look:
    """Return the look; *before* is the state *elapsed_s* earlier, for the rates."""
    done_before = {service.id: service.status.done for service in before}
    rows = [_row(service, done_before.get(service.id), elapsed_s) for service in now]
    rows.sort(key=lambda row: (ORDER.index(row.role) if row.role in ORDER else 9, row.role, row.id))
    return Look(rows, stages)


def _row(service: Service, done_before: int | None, elapsed_s: float) -> ProcessRow:
    status = service.status
    done, rate = status.done, None
    if done is not None and done_before is not None and elapsed_s > 0:
        rate = round(max(0, done - done_before) / elapsed_s, 2)
    return ProcessRow(
        role=service.role,
        id=service.id,
        pid=status.pid,
        model=status.model,
        slots=status.slots,
        in_flight=status.calls if status.in_flight is None else status.in_flight,
        done=done,
        failed=status.failed,
        done_per_s=rate,
        draining=status.draining,
    )


def tables(look: Look) -> Group:
    """Return the look as two tables for people."""
    people = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("ROLE", "MODEL", "PID"):
        people.add_column(name)
    for name in ("SLOTS", "BUSY", "DONE", "FAILED", "DONE/S"):
        people.add_column(name, justify="right")
    for row in look.workers:
        busy = "bold" if row.slots and (row.in_flight or 0) >= row.slots else ""
        name = f"{row.role} (leaving)" if row.draining else row.role
        numbers = (row.slots, row.in_flight, row.done, row.failed, row.done_per_s)
        cells = ["-" if number is None else str(number) for number in numbers]
        people.add_row(
            *map(Text, map(printable, (name, str(row.model or "-"), str(row.pid or "-")))),
            *cells,
            style=busy,
        )
    stages = Table(box=None, pad_edge=False, header_style="dim")
    stages.add_column("STAGE")
    for name in ("WORKERS", "SLOTS", "IN FLIGHT", "WAITING", "OLDEST", "RETRIED"):
        stages.add_column(name, justify="right")
    for stage in look.stages:
        here = [row for row in look.workers if row.role == stage.stage]
        cells = [
            str(len(here)),
            str(sum(row.slots or 0 for row in here)),
            str(stage.in_flight),
            str(stage.waiting),
            f"{stage.oldest_ms} ms" if stage.waiting else "-",
            str(stage.redelivered),
        ]
        style = "red" if not here else "yellow" if stage.oldest_ms >= 1000 else ""
        stages.add_row(stage.stage, *cells, style=style)
    return Group(people, Text(), stages)


async def show(settings: Settings, *, once: bool, as_json: bool) -> int:
    """Print the look once, or repeatedly until Ctrl-C on a terminal.

    Raises:
        BusAwayError: no server answers, or the bus is not provisioned.
    """
    async with await connect(settings, "aura-workers") as bus:
        if not (as_json or once) and sys.stdout.isatty():
            await _live(bus)
            return 0
        look, _ = await _look(bus, await discover(bus, silence_s=SILENCE_S))
        if as_json:
            sys.stdout.write(json.dumps(msgspec.to_builtins(look)) + "\n")
        else:
            Console().print(tables(look))
    return 0


async def _look(bus: Bus, before: Sequence[Service]) -> tuple[Look, list[Service]]:
    """Return the look, STAGES_POLL_S after *before*."""
    loop = asyncio.get_running_loop()
    at_s = loop.time()
    await asyncio.sleep(STAGES_POLL_S)
    now = await discover(bus, silence_s=SILENCE_S)
    return look_of(now, before, loop.time() - at_s, await queues(bus)), now


async def _live(bus: Bus) -> None:
    """Keep the tables fresh until SIGINT or SIGTERM; the first have no rates yet."""
    services = await discover(bus, silence_s=SILENCE_S)
    look = look_of(services, [], 0, await queues(bus))
    stop = stop_event()
    with Live(tables(look), console=Console(), auto_refresh=False) as live:
        async with scoped_task(stop.wait()) as stopping:
            while not stopping.done():
                try:
                    async with scoped_task(_look(bus, services)) as looking:
                        await asyncio.wait({looking, stopping}, return_when=asyncio.FIRST_COMPLETED)
                except BusAwayError:
                    live.update(Text("The bus is away; waiting for it.", style="red"), refresh=True)
                    await asyncio.wait({stopping}, timeout=STAGES_POLL_S)
                    continue
                if not looking.cancelled():
                    look, services = looking.result()
                    live.update(tables(look), refresh=True)


def command(
    once: Annotated[bool, typer.Option("--once", help="Print one table and end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and end.")] = False,
) -> None:
    """Show the processes: edges, workers, their load, and the backlog of each stage.

    Live until Ctrl-C on a terminal, else one table. WAITING counts jobs that no worker has yet,
    OLDEST is the wait of the oldest of them. If it is more than a moment, the stage needs another
    worker. DONE/S counts the jobs done in one second, which one table takes.
    """
    run(show(load(), once=once, as_json=as_json))
