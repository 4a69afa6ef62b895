"""`aura tap`: prints the messages of the bus live and decoded."""

import asyncio
import json
import sys
import time
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console, OverflowMethod
from rich.text import Text

from aura.cli.running import run
from runtime.bus.configurations import NAMING
from runtime.bus.connection import connect
from runtime.bus.delivery import Delivery
from runtime.settings import Settings, load
from runtime.text.printable import printable
from schemas import codec
from schemas.audio import AudioFrame, SpeechChunk, TranscriptPartial
from schemas.events import own_fields

SIDE: dict[str, type[msgspec.Struct]] = {
    "au": AudioFrame,
    "pcm": SpeechChunk,
    "part": TranscriptPartial,
}


def decoded(subject: str, data: bytes) -> dict[str, Any]:
    """Return the message in *data* as plain values, audio as its length."""
    flow = subject.split(".")[1] if subject.startswith("aura.") else ""
    try:
        kind = SIDE.get(flow)
        message = codec.decode(data) if kind is None else codec.decode_as(kind, data)
    except codec.BadMessageError:
        return {"type": "?", "bytes": len(data)}
    fields: dict[str, Any] = msgspec.to_builtins(message, builtin_types=(bytes,))
    fields.setdefault("type", type(message).__name__)
    return {k: f"{len(v)} B" if isinstance(v, bytes) else v for k, v in fields.items()}


def line(fields: dict[str, Any], subject: str) -> Text:
    """Return one event as a line for people."""
    at_ms = fields.get("at_ms")
    clock = time.time() if at_ms is None else at_ms / 1000
    millis = f"{int(clock * 1000) % 1000:03}"
    session = str(fields.get("session") or (*subject.split("."), "", "")[2])
    text = Text(f"{time.strftime('%H:%M:%S', time.localtime(clock))}.{millis} ", style="dim")
    text.append(f"{printable(session[-12:]):12} ", style="cyan")
    text.append(f"{fields['type']:24} ", style="bold")
    text.append(" ".join(f"{k}={_short(v)}" for k, v in own_fields(fields).items()))
    return text


def say(console: Console, subject: str, data: bytes, *, as_json: bool) -> None:
    """Print a message of *subject*, as a line for people or as one JSON object."""
    fields = decoded(subject, data)
    if as_json:
        sys.stdout.write(json.dumps({**fields, "subject": subject}) + "\n")
        sys.stdout.flush()
    else:
        whole = not console.is_terminal  # rich cuts at 80 columns where there is no terminal
        overflow: OverflowMethod = "ignore" if whole else "ellipsis"
        console.print(line(fields, subject), soft_wrap=whole, no_wrap=True, overflow=overflow)


def _short(value: Any) -> str:
    if isinstance(value, list):
        return f"[{len(value)}]"
    shown = printable(json.dumps(value, ensure_ascii=False))
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


async def listen(settings: Settings, subject: str, *, as_json: bool, session: str | None) -> int:
    """Print until Ctrl-C."""
    console = Console()

    async def on_message(delivery: Delivery) -> None:
        if not session or session in delivery.subject.split("."):
            data = delivery.data
            if delivery.type in NAMING:
                data = await bus.configurations.in_data(data)
            say(console, delivery.subject, data, as_json=as_json)

    async with await connect(settings, "aura-tap") as bus, bus.listening(subject, on_message):
        await asyncio.Event().wait()
    return 0


def command(
    subject: Annotated[str, typer.Argument(help="Subject to listen to.")] = "aura.live.>",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    session: Annotated[str | None, typer.Option(help="Only this session.")] = None,
) -> None:
    """Print live events, decoded. Other subjects: aura.part.> (growing words), aura.au.>."""
    run(listen(load(), subject, as_json=as_json, session=session))
