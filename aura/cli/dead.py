"""`aura dead`: lists, retries and forgets jobs that were given up."""

import json
import sys
import time
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from aura.cli.running import CommandError, run
from runtime.bus import dead_letters
from runtime.bus.connection import Bus, connect
from runtime.bus.dead_letters import DeadLetter, DeadLetterError
from runtime.settings import load
from runtime.text.printable import printable

app = typer.Typer(
    help=(
        "List jobs that were given up: failed again and again, or killed every worker that took "
        "them. `aura dead retry` tries one again, `aura dead forget` removes its record. Records "
        "live 7 days."
    )
)

Seq = Annotated[int | None, typer.Argument(metavar="SEQ", help="The record, as listed.")]
All = Annotated[bool, typer.Option("--all", help="Every record there is.")]


@app.callback(invoke_without_command=True)
def dead(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    if context.invoked_subcommand is None:
        run(_list(as_json=as_json))


@app.command()
def retry(
    seq: Seq = None,
    every: All = False,
    force: Annotated[bool, typer.Option(help="Even if its caller is long gone.")] = False,
) -> None:
    """Publish the job again as a new job, and forget its record.

    Retry once the cause is fixed: a job that fails again becomes a new record.
    """
    run(_retry(_one_or_all(seq, every), force=force))


@app.command()
def forget(seq: Seq = None, every: All = False) -> None:
    """Remove the record; the event stays in the log."""
    run(_forget(_one_or_all(seq, every)))


def _one_or_all(seq: int | None, every: bool) -> int | None:
    """Return the chosen record, or None for all records.

    Raises:
        CommandError: both or neither was given.
    """
    if (seq is None) != every:
        raise CommandError("give a record (`aura dead` lists them) or --all")
    return seq


async def _list(*, as_json: bool) -> int:
    async with await connect(load(), "aura-dead") as bus:
        letters = await dead_letters.dead_letters(bus)
    if as_json:
        for letter in letters:
            sys.stdout.write(json.dumps(msgspec.to_builtins(letter)) + "\n")
        return 0
    if not letters:
        print("No job was given up.")
        return 0
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("SEQ", "TIME", "STAGE", "SESSION", "EVENT", "TRIES", "REASON"):
        table.add_column(name, overflow="fold")
    for letter in letters:
        event = letter.event_id.removeprefix(f"{letter.session}.") or (
            "unreadable" if letter.in_log else "no longer in the log"
        )
        tries = str(letter.attempts)
        cells = (f"{letter.time[:19]}Z", letter.stage, letter.session, event, tries, letter.reason)
        table.add_row(str(letter.seq), *map(printable, cells))
    Console(markup=False, emoji=False).print(table)
    return 0


async def _chosen(bus: Bus, seq: int | None) -> list[DeadLetter]:
    try:
        if seq is None:
            return await dead_letters.dead_letters(bus)
        return [await dead_letters.dead_letter(bus, seq)]
    except DeadLetterError as error:
        raise CommandError(str(error)) from error


async def _retry(seq: int | None, *, force: bool) -> int:
    refused = 0
    async with await connect(load(), "aura-dead") as bus:
        for letter in await _chosen(bus, seq):
            try:
                new = await dead_letters.again(
                    bus, letter, now_ms=int(time.time() * 1000), force=force
                )
                print(printable(f"{letter.seq}: {letter.event_id} is a job again (event {new})"))
            except DeadLetterError as error:
                sys.stderr.write(f"aura: {printable(str(error))}\n")
                refused += 1
    return 1 if refused else 0


async def _forget(seq: int | None) -> int:
    async with await connect(load(), "aura-dead") as bus:
        letters = await _chosen(bus, seq)
        for letter in letters:
            await dead_letters.forget(bus, letter.seq)
    print(f"{len(letters)} forgotten.")
    return 0
