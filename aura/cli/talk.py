"""`aura talk`: a call with the terminal's microphone and loudspeaker."""

import asyncio
import base64
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import typer
from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.live import Live
from rich.text import Text

from aura.cli.call import options
from aura.cli.calling.call_failures import failure
from aura.cli.options import AgentName, Token, Url, Variables, agent_query, edge_of
from aura.cli.running import CommandError, run
from aura.cli.session.waterfall import waterfall
from aura.cli.sound.levels import Meter, both, level
from aura.cli.sound.loudspeaker import Loudspeaker
from aura.cli.sound.sound_card import sound_card
from aura.client import CallClient, CallError
from runtime.audio.conversion import read_wav
from runtime.settings import load
from runtime.tasks import scoped_task
from runtime.text.printable import printable

MOST_FRAMES = 50
"""The most microphone frames that wait to be sent, one second; older frames are dropped."""
DRAWS_PER_SECOND = 12


@dataclass
class Shown:
    """The terminal's text of a call: finished lines, and lines that still change."""

    partial: str = ""
    response: str = ""
    steps: dict[str, Any] = field(default_factory=dict)

    def add(self, message: dict[str, Any]) -> Iterator[Text]:
        """Add a message of the server; yield the lines that it finishes."""
        match message["type"]:
            case "greeting":
                self.response = message["text"]
            case "session" if message.get("resumed"):
                yield Text("The connection was lost; the call goes on.", style="yellow")
            case "user_transcript_partial":
                self.partial = message["text"]
            case "user_transcript":
                yield from self.finished()
                yield _line("You", message["text"], "cyan")
                self.partial = ""
            case "ai_audio_chunk":
                self.response += message["text"]
            case "ai_interrupted":
                heard = message.get("heard", "")
                self.response = f"{heard} -" if heard else ""
                yield from self.finished()
            case "turn_metrics" if not message.get("interrupted"):
                self.steps = message
            case "error":
                details = f": {message['details']}" if message.get("details") else ""
                yield Text(printable(f"{message['message']}{details}"), style="red")
            case _:
                pass

    def finished(self) -> Iterator[Text]:
        """Yield the response so far, if there is one."""
        if self.response.strip():
            yield _line("Aura", self.response, "green")
        self.response = ""

    def growing(self) -> Iterator[Text]:
        """Yield the lines that still change."""
        if self.response.strip():
            yield _line("Aura", self.response, "green")
        if self.partial:
            yield _line("You", f"{self.partial} ...", "dim")


def _line(who: Literal["You", "Aura"], words: str, style: str) -> Text:
    line = Text(f"{who:6}", style=style)
    return line.append(printable(" ".join(words.split())), style="" if style != "dim" else style)


@dataclass
class Picture:
    """The live part below the finished lines: growing words, two levels, the last waterfall."""

    shown: Shown
    speaker: Loudspeaker
    caller: float = 0.0
    """The microphone's level, 0 to 1."""
    meters: tuple[Meter, Meter] = field(default_factory=lambda: (Meter("cyan"), Meter("green")))

    def __rich_console__(self, _: Console, room: ConsoleOptions) -> RenderResult:
        now_s = time.monotonic()
        caller, aura = self.meters
        levels = both(caller.drawn(self.caller, now_s), aura.drawn(self.speaker.level, now_s))
        steps = {k: v for k, v in self.shown.steps.items() if isinstance(v, float | int)}
        bars = (Text(line, style="dim", no_wrap=True) for line in waterfall(steps, room.max_width))
        yield Group(*self.shown.growing(), levels, *bars)


async def talk(line: CallClient, console: Console) -> int:
    """Hold the call over *line* until it ends or Ctrl-C is pressed.

    Raises:
        CommandError: there is no sound card, no edge answers, the edge refuses, or the call ended
            with an error.
    """
    frames: asyncio.Queue[bytes] = asyncio.Queue(MOST_FRAMES)
    shown = Shown()

    def on_microphone(pcm: bytes) -> None:
        picture.caller = level(pcm)
        if frames.full():
            frames.get_nowait()
        frames.put_nowait(pcm)

    with sound_card(on_microphone) as speaker:
        picture = Picture(shown, speaker)
        try:
            async with line:
                console.print("Speak; it listens while it answers. Ctrl-C hangs up.", style="dim")
                with Live(picture, console=console, refresh_per_second=DRAWS_PER_SECOND) as live:
                    try:
                        await _until_over(line, frames, speaker, shown, live.console)
                    finally:
                        for words in shown.finished():
                            live.console.print(words)
        except CallError as error:
            raise CommandError(failure(error, line.url)) from error
    return 0


async def _until_over(
    line: CallClient,
    frames: asyncio.Queue[bytes],
    speaker: Loudspeaker,
    shown: Shown,
    console: Console,
) -> None:
    """Carry sound both ways until the call ends or SIGINT arrives.

    Raises:
        CallError: the call ended with an error.
    """
    loop = asyncio.get_running_loop()
    try:
        async with (
            scoped_task(_speak(line, frames)),
            scoped_task(_hear(line, speaker, shown, console)) as hears,
        ):
            loop.add_signal_handler(signal.SIGINT, hears.cancel)
            await asyncio.wait({hears})
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        speaker.drop()


async def _speak(line: CallClient, frames: asyncio.Queue[bytes]) -> None:
    while True:
        await line.send(await frames.get())


async def _hear(line: CallClient, speaker: Loudspeaker, shown: Shown, console: Console) -> None:
    async for message in line:
        if message["type"] == "ai_interrupted":
            speaker.drop()
        elif message.get("audio"):
            speaker.put(read_wav(base64.b64decode(message["audio"])))
        for words in shown.add(message):
            console.print(words)


def command(
    url: Url = None,
    token: Token = None,
    *,
    agent: AgentName = "",
    variable: Variables = None,
    greeting: Annotated[bool, typer.Option(help="Hear the greeting first.")] = True,
) -> None:
    """Talk with this terminal's microphone and loudspeaker; show words, levels and waterfall.

    Without headphones the microphone hears the loudspeaker; Aura removes that echo.
    """
    edge, known = edge_of(load(), url, token)
    query = options(greeting=greeting, more=agent_query(agent, variable))
    line = CallClient(edge, token=known, query=query)
    run(talk(line, Console(highlight=False)))
