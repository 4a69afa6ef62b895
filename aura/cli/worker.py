"""`aura worker`: one worker of a stage, or subscribers."""

# ruff: noqa: PLC0415 - a worker loads no subscribers, and subscribers no engines

from typing import Annotated

import typer

from aura.cli.fast_start import without_aiohttp
from aura.cli.running import CommandError, role
from runtime.settings import load
from schemas.stages import STAGE_NAMES

Stage = Annotated[str, typer.Argument(help="stt, llm, tts, tool or analytics.", metavar="STAGE")]
Modules = Annotated[
    list[str] | None,
    typer.Option(help="analytics: module or module:name with subscribers; repeatable."),
]
Group = Annotated[
    str, typer.Option(help="analytics: group that shares the events; default: the module.")
]
Start = Annotated[
    str,
    typer.Option(
        "--from", help="analytics: start of a new group: now, beginning, 2h (ago), or a time."
    ),
]
Live = Annotated[
    bool,
    typer.Option("--live", help="analytics: only new events while it runs; nothing is kept."),
]


def command(
    stage: Stage,
    module: Modules = None,
    group: Group = "",
    start: Start = "now",
    live: Live = False,
) -> None:
    """Run one worker; it shares its stage's load at once.

    It uses the bus at NATS_URL, or that of the `aura up` in AURA_DATA_DIR.

    `aura worker analytics --module mine` runs subscribers: see docs/analytics.md.
    """
    if stage == "analytics":
        from aura.cli.analytics import plan
        from workers.analytics.main import serve as read

        here = load()
        what = plan(here, module or [], group, start, live=live)
        role(here, stage, read(here, what))
    chosen = next((name for name in STAGE_NAMES if name == stage), None)
    if chosen is None:
        raise CommandError(
            f"there is no stage {stage!r}: it is {', '.join(STAGE_NAMES)} or analytics"
        )
    with without_aiohttp():  # a stage that needs it imports it later
        from workers.main import serve

    settings = load()
    role(settings, stage, serve(settings, chosen))
