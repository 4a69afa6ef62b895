"""`aura show`: draws a session as a timeline in the terminal, or as a page."""

import asyncio
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Annotated

import typer
from rich.console import COLOR_SYSTEMS, Console
from rich.segment import Segment, Segments
from rich.style import Style

from aura.cli.options import Session
from aura.cli.running import CommandError, run
from aura.cli.session.session_choice import NEWEST, chosen
from aura.cli.session.waterfall import waterfall
from aura.cli.terminal import cut, room
from runtime.bus.connection import Bus, connect
from runtime.bus.reader import Stored
from runtime.process.version import installing
from runtime.sessions.finding import decoded
from runtime.sessions.listing import ListedSession, folded
from runtime.sessions.timeline import LANES, Lane, Moment, moments
from runtime.settings import Settings, load
from runtime.text.printable import printable
from schemas import subjects

COLOUR: dict[Lane, Style] = {
    "caller": Style(color="cyan"),
    "edge": Style(),
    "stt": Style(color="blue"),
    "llm": Style(color="magenta"),
    "tool": Style(color="bright_cyan"),
    "tts": Style(color="yellow"),
    "client": Style(color="green"),
}
BOLD, DIM, RED = Style(bold=True), Style(dim=True), Style(color="red", bold=True)
_OPENS: dict[str, Lane] = {
    "speech.started": "caller",
    "speech.continued": "caller",
    "turn.taken": "llm",
    "response.sentence": "tts",
    "tool.requested": "tool",
    "answer.sent": "client",
}
_CLOSES: dict[str, tuple[Lane, ...]] = {
    "speech.paused": ("caller",),
    "speech.ended": ("caller",),
    "response.completed": ("llm",),
    "response.cancelled": ("llm", "tts"),
    "speech.ready": ("tts",),
    "tool.returned": ("tool",),
    "tool.failed": ("tool",),
    "answer.heard": ("client",),
    "session.ended": LANES,
}
LANES_COLUMN = 11
"""The column at which the waterfall and the lanes begin."""
WORDS_AT = LANES_COLUMN + 4 * len(LANES) + 23
BAD = {"trouble.told", "job.failed", "tool.failed", "model.switched"}
STRONG = {"turn.committed", "answer.heard", "response.cancelled"}


async def read(bus: Bus, session: str) -> list[Stored]:
    """Return the events of *session* in the log.

    Raises:
        CommandError: there are none.
    """
    stored = await bus.session_events(session)
    if not stored:
        raise CommandError(
            f"no session {session} is recorded: `aura sessions` lists the recorded sessions"
        )
    return stored


async def show(settings: Settings, session: str, html: Path | None) -> int:
    """Draw *session* in the terminal, or write it to *html*."""
    async with await connect(settings, "aura-show") as bus:
        session = await chosen(bus, session)
        events = decoded(await read(bus, session))
        subject = subjects.recording(events[0].tenant if events else "*", session)
        recorded = await bus.read(subjects.RECORDING_STREAM, subject) if html else []
    row = folded(events)
    if row is None:
        raise CommandError(f"nothing of session {session} can be read by this version of Aura")
    timeline = moments(events)
    if html is None:
        console = Console()
        drawn = Segment("".join(drawing(row, timeline, Paint(console))))
        console.print(Segments([drawn]), soft_wrap=True, end="")
        return 0
    from aura.cli.session.session_page import page  # noqa: PLC0415  # numpy, which a drawing in text does without
    from runtime.audio import media  # noqa: PLC0415  # the same
    from runtime.sessions.recorded_audio import since  # noqa: PLC0415  # the same

    pieces = since(recorded, row.started_at_ms) if recorded else {}
    try:
        await asyncio.to_thread(html.write_text, page(row, timeline, pieces), encoding="utf-8")
    except OSError as error:
        raise CommandError(f"--html {html}: {error.strerror}") from error
    print(f"Session {session} is drawn in {html}: open it in any browser.")
    if pieces and not media.available():
        print(f"Its sound is not compressed; for a tenth of the size: {installing('media')}")
    return 0


class Paint:
    """Colours text if the terminal has colours; rich's segments are too slow for long calls."""

    def __init__(self, console: Console) -> None:
        self._colours = None if console.no_color else COLOR_SYSTEMS.get(console.color_system or "")
        self.columns = room(console)
        """The columns of a line, or None for any length."""

    def left(self, taken: int) -> int | None:
        """Return the free columns of a line after *taken* columns."""
        return None if self.columns is None else max(0, self.columns - taken)

    def __call__(self, text: str, style: Style | None) -> str:
        return style.render(text, color_system=self._colours) if style and self._colours else text


def drawing(row: ListedSession, timeline: list[Moment], paint: Paint) -> Iterator[str]:
    """Yield the session line by line: busy lanes, events, and the waterfall of each turn."""
    slowest = "" if row.slowest_ms is None else f", slowest response {row.slowest_ms:.0f} ms"
    replayed = printable(f", replay of {row.replay_of}") if row.replay_of else ""
    agent = printable(f", agent {row.agent}") if row.agent else ""
    title = printable(f"{row.session}   {row.tenant} / {row.user}   {row.started_at}")
    numbers = (
        f"{row.duration_ms / 1000:.1f} s, {row.turns} turn{'s' * (row.turns != 1)}, "
        f"{row.interrupted} interrupted, {row.errors} errors{slowest}{agent}{replayed}"
    )
    yield paint(cut(title, paint.columns), BOLD)
    yield f"\n{cut(numbers, paint.columns)}\n\n{'':11}"
    for lane in LANES:
        yield paint(f"{lane[:3]:4}", COLOUR[lane])
    yield "\n"
    open_lanes: set[Lane] = set()
    for moment in timeline:
        yield _line(moment, row.started_at_ms, open_lanes, paint)
        if moment.name in _OPENS:
            open_lanes.add(_OPENS[moment.name])
        open_lanes -= set(_CLOSES.get(moment.name, ()))
        if moment.name == "turn.measured":
            steps = {k: v for k, v in moment.fields.items() if isinstance(v, float)}
            for bar in waterfall(steps, paint.left(LANES_COLUMN)):
                yield f"{'':{LANES_COLUMN}}{paint(bar, DIM)}\n"


@cache
def _lanes(here: Lane, open_lanes: frozenset[Lane], bad: bool, paint: Paint) -> str:
    """Return the lanes part of a line whose event is in the lane *here*."""
    marks = []
    for lane in LANES:
        if lane == here:
            marks.append(paint("●   ", RED if bad else COLOUR[lane]))
        else:
            marks.append(paint("┃   " if lane in open_lanes else "·   ", COLOUR[lane]))
    return "".join(marks)


def _line(moment: Moment, start_ms: int, open_lanes: set[Lane], paint: Paint) -> str:
    bad = moment.name in BAD
    at = paint(f"{(moment.at_ms - start_ms) / 1000:>9.3f}", DIM)
    lanes = _lanes(moment.lane, frozenset(open_lanes), bad, paint)
    strong = RED if bad else BOLD if moment.name in STRONG else None
    name = paint(f"{moment.name:22}", strong or COLOUR[moment.lane])
    return f"{at}  {lanes}{name} {paint(cut(moment.text, paint.left(WORDS_AT)), strong)}\n"


def command(
    session: Session = NEWEST,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it as a page to zoom in.")
    ] = None,
) -> None:
    """Draw a session, by default the newest: the busy stages, and the times of each turn."""
    run(show(load(), session, html))
