"""`aura calls`: the running calls; say, instruct, mute, interrupt, transfer, end, and listen in."""

import secrets
import sys
import time
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console

from aura.cli.options import Session, Variables, variables_of
from aura.cli.running import CommandError, run
from aura.cli.sound.listening import listen_in
from aura.cli.terminal import cut, room
from runtime.bus import calls
from runtime.bus.connection import Bus, connect
from runtime.bus.silence import SILENCE_S
from runtime.settings import load
from runtime.text.printable import printable
from schemas.control import AnyCommand, CallPlacing, CallReply, CallRequest, CallState

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
    variable: Variables = None,
    tenant: Annotated[str, typer.Option(metavar="T", help="Whose call it is.")] = "",
) -> None:
    """Place a telephone call through `aura sip`, and print the session once it is answered."""
    variables = variables_of(variable)
    run(_start(CallPlacing(to=to, agent=agent, variables=variables, tenant=tenant, by=SENDER)))


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


async def _bus() -> Bus:
    return await connect(load(), "aura-calls")


async def _list(tenant: str, *, as_json: bool) -> int:
    async with await _bus() as bus:
        found = await calls.running(bus, tenant, silence_s=SILENCE_S)
    if as_json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
        return 0
    if not found:
        print("No call is running.")
        return 0
    rows = [CALL_COLUMNS, *(tuple(map(printable, _cells(call))) for call in found)]
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
    try:
        command: AnyCommand | None = msgspec.convert(wire, AnyCommand) if wire else None
    except msgspec.ValidationError as error:
        raise CommandError(str(error)) from error
    request = CallRequest(by=SENDER, id=f"c_{secrets.token_hex(10)}", command=command)
    async with await _bus() as bus:
        reply = await _asked(bus, session, request)
    if reply.fault:
        raise CommandError(FAULT_ADVICE.get(reply.fault) or reply.fault.replace("_", " "))
    if as_json:
        sys.stdout.write(msgspec.json.encode(reply.call).decode() + "\n")
    return 0


async def _asked(bus: Bus, session: str, request: CallRequest) -> CallReply:
    """Return the reply of a call.

    Raises:
        CommandError: there is no such call, or it does not reply.
    """
    try:
        return await calls.ask(bus, session, request)
    except calls.NoSuchCallError as error:
        raise CommandError(f"{session}: {error}; `aura calls list` lists them") from error
    except calls.CallSilentError as error:
        raise CommandError(str(error)) from error


async def _start(request: CallPlacing) -> int:
    async with await _bus() as bus:
        try:
            placed = await calls.place(bus, request)
        except (calls.NoSuchCallError, calls.CallSilentError) as error:
            raise CommandError(str(error)) from error
    if placed.fault:
        raise CommandError(f"{request.to}: {placed.fault.replace('_', ' ')}")
    print(placed.session)
    return 0


async def _listen(session: str, out: str) -> int:
    async with await _bus() as bus:
        reply = await _asked(bus, session, CallRequest(by=SENDER))
        if reply.call:
            await listen_in(bus, reply.call, out)
    return 0
