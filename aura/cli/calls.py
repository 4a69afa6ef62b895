"""`aura calls`: the running calls; say, instruct, mute, interrupt, transfer, end, and listen in."""

# ruff: noqa: PLC0415 - `aura --help` must not load the bus

from __future__ import annotations

import secrets
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aura.cli.options import Session
from aura.cli.running import CommandError, run
from runtime.settings import load
from runtime.text.printable import printable

if TYPE_CHECKING:
    from runtime.bus.connection import Bus
    from schemas.control import CallState

app = typer.Typer(
    no_args_is_help=True,
    help=(
        "The running calls, on whichever edge they are: list and show them, have one say something "
        "or follow an instruction, mute or interrupt a side, hand it over, hang up, listen in. "
        "Needs the operator's user on the bus; applications use /v1/calls (docs/control.md)."
    ),
)
SENDER = "operator"
FAULT_ADVICE = {
    "cannot_transfer": "that agent cannot go on with this call: there is none (see `aura agents "
    "list`), a variable of it wants a value, or no agent serves the call now"
}
"""The messages for faults without a clear name."""
CALL_COLUMNS = ("SESSION", "TENANT", "USER", "SINCE", "TURNS", "STATE", "MUTED", "AGENT", "EDGE")
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]


@app.command("list")
def list_(
    tenant: Annotated[str, typer.Option(metavar="T", help="Only of this tenant.")] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """List the running calls, oldest first."""
    run(_list(tenant, as_json=as_json))


@app.command()
def show(session: Session) -> None:
    """Print the state of a call as JSON."""
    run(_command(session, None, as_json=True))


@app.command()
def start(
    to: Annotated[str, typer.Option(help="A number, or an address such as sip:ada@example.com.")],
    agent: Annotated[str, typer.Option(help="The agent that speaks.")] = "",
    variable: Annotated[
        list[str] | None,
        typer.Option("--variable", metavar="NAME=VALUE", help="Of the agent; again for another."),
    ] = None,
    tenant: Annotated[str, typer.Option(metavar="T", help="Whose call it is.")] = "",
) -> None:
    """Place a telephone call through `aura sip`, and print the session once it is answered."""
    values = dict(pair.split("=", 1) for pair in variable or [] if "=" in pair)
    if len(values) != len(variable or []):
        raise CommandError("give --variable NAME=VALUE, each name once")
    run(_start(to, agent, values, tenant))


@app.command()
def say(
    session: Session,
    text: Annotated[str, typer.Argument(help="What the caller is to hear.")],
    *,
    firm: Annotated[bool, typer.Option("--firm", help="The caller cannot stop it.")] = False,
) -> None:
    """Speak a text as soon as nobody speaks."""
    run(_command(session, {"action": "say", "text": text, "interruptible": not firm}))


@app.command()
def instruct(
    session: Session,
    text: Annotated[str, typer.Argument(help="Added to the system prompt.")],
    *,
    respond: Annotated[bool, typer.Option("--respond", help="Ask for a response now.")] = False,
) -> None:
    """Add an instruction for all later turns."""
    run(_command(session, {"action": "instruct", "text": text, "respond": respond}))


@app.command()
def interrupt(session: Session) -> None:
    """Stop the response, and drop texts that wait to be spoken."""
    run(_command(session, {"action": "interrupt"}))


@app.command()
def mute(
    session: Session,
    side: Annotated[
        str, typer.Option(help="`caller`: is not heard; `assistant`: is silent.")
    ] = "caller",
    *,
    off: Annotated[bool, typer.Option("--off", help="No longer.")] = False,
) -> None:
    """Mute the caller or the assistant."""
    run(_command(session, {"action": "mute", "side": side, "muted": not off}))


@app.command()
def transfer(
    session: Session,
    agent: Annotated[str, typer.Argument(help="Who goes on with the call.")],
) -> None:
    """Transfer the call to another agent at once; it greets as soon as nobody speaks."""
    run(_command(session, {"action": "transfer", "agent": agent}))


@app.command()
def end(
    session: Session,
    words: Annotated[str, typer.Option(help="Last words, spoken first.")] = "",
    reason: Annotated[str, typer.Option(help="Told to the client.")] = "",
) -> None:
    """End a call."""
    run(_command(session, {"action": "end", "words": words, "reason": reason}))


@app.command()
def listen(
    session: Session,
    out: Annotated[
        str,
        typer.Option(
            metavar="FILE",
            help="Save the sound as a WAV, caller left and Aura right; `-`: raw to stdout, "
            "s16le stereo 16 kHz, such as for `| aplay -f S16_LE -r 16000 -c 2`.",
        ),
    ] = "",
) -> None:
    """Print the words of a call live, until it ends or Ctrl-C.

    The bus carries the caller's sound only during speech; the rest is silence.
    """
    run(_listen(session, out))


@asynccontextmanager
async def _bus() -> AsyncIterator[Bus]:
    from runtime.bus.connection import connect

    async with await connect(load(), "aura-calls") as bus:
        yield bus


async def _list(tenant: str, *, as_json: bool) -> int:
    import msgspec
    from rich.console import Console

    from aura.cli.terminal import cut, room
    from runtime.bus.calls import running
    from runtime.bus.silence import SILENCE_S

    async with _bus() as bus:
        calls = await running(bus, tenant, silence_s=SILENCE_S)
    if as_json:
        sys.stdout.write(msgspec.json.encode(calls).decode() + "\n")
        return 0
    if not calls:
        print("No call is running.")
        return 0
    rows = [CALL_COLUMNS, *(tuple(map(printable, _cells(call))) for call in calls)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    console = Console(markup=False, emoji=False, highlight=False)
    for number, row in enumerate(rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        line = cut("  ".join(cells).rstrip(), room(console))
        console.print(line, style=None if number else "bold", soft_wrap=True)
    return 0


def _cells(call: CallState) -> tuple[str, ...]:
    since = f"{max(0, time.time() - call.since_ms / 1000):.0f} s"
    muted = ", ".join(call.muted)
    return (
        *(call.session, call.tenant, call.user, since, str(call.turns)),
        *(call.state, muted, call.agent, call.edge),
    )


async def _command(session: str, wire: dict[str, Any] | None, *, as_json: bool = False) -> int:
    """Send the command *wire* to a call, or only ask for its state if *wire* is None."""
    import msgspec

    from runtime.bus.calls import CallSilentError, NoSuchCallError, ask
    from schemas.control import AnyCommand, CallRequest

    try:
        command: AnyCommand | None = msgspec.convert(wire, AnyCommand) if wire else None
    except msgspec.ValidationError as error:
        raise CommandError(str(error)) from error
    request = CallRequest(by=SENDER, id=f"c_{secrets.token_hex(10)}", command=command)
    async with _bus() as bus:
        try:
            reply = await ask(bus, session, request)
        except NoSuchCallError as error:
            raise CommandError(f"{session}: {error}; `aura calls list` lists them") from error
        except CallSilentError as error:
            raise CommandError(str(error)) from error
    if reply.fault:
        raise CommandError(FAULT_ADVICE.get(reply.fault) or reply.fault.replace("_", " "))
    if as_json:
        sys.stdout.write(msgspec.json.encode(reply.call).decode() + "\n")
    return 0


async def _start(to: str, agent: str, variables: dict[str, str], tenant: str) -> int:
    import json

    from runtime.bus.calls import CallSilentError, NoSuchCallError, place
    from schemas.control import CallPlacing

    encoded = json.dumps(variables) if variables else ""
    request = CallPlacing(to=to, agent=agent, variables=encoded, tenant=tenant, by=SENDER)
    async with _bus() as bus:
        try:
            placed = await place(bus, request)
        except (NoSuchCallError, CallSilentError) as error:
            raise CommandError(str(error)) from error
    if placed.fault:
        raise CommandError(f"{to}: {placed.fault.replace('_', ' ')}")
    print(placed.session)
    return 0


async def _listen(session: str, out: str) -> int:
    from aura.cli.sound.listening import listen_in
    from runtime.bus.calls import NoSuchCallError, ask
    from schemas.control import CallRequest

    async with _bus() as bus:
        try:
            reply = await ask(bus, session, CallRequest(by=SENDER))
        except NoSuchCallError as error:
            raise CommandError(f"{session}: {error}; `aura calls list` lists them") from error
        if reply.call:
            await listen_in(bus, reply.call, out)
    return 0
