"""`aura models`: the models at hand, and fetching those that no package of ours brings."""

# ruff: noqa: PLC0415 - `aura --help` must not load what looks after weights

from __future__ import annotations

from typing import Annotated

import typer

from aura.cli.running import CommandError
from runtime.settings import load

app = typer.Typer(no_args_is_help=True, help="The models at hand; fetch the optional ones.")
TURN = "turn"


@app.command("list")
def show() -> None:
    """List the built-in models and whether they are here."""
    from rich.console import Console
    from rich.markup import escape

    from workers.engines import model_download, weights
    from workers.engines.protocols import EngineError

    settings, console = load(), Console()
    for name in weights.PINNED:
        try:
            weights.find(name, settings.cache_dir)
            console.print(f"[green]here  [/] {name}", highlight=False)
        except EngineError as missing:
            console.print(
                f"[yellow]absent[/] {name}: {escape(str(missing))}", highlight=False, soft_wrap=True
            )
    turn = model_download.turn_model(settings.cache_dir)
    state = "[green]here  [/]" if turn.exists() else "[yellow]absent[/]"
    advice = "" if turn.exists() else ": aura models fetch"
    console.print(f"{state} {TURN} (Smart Turn v3.2, hears the end of a turn){advice}")


@app.command()
def fetch(
    name: Annotated[str, typer.Argument(help="Which; there is one: turn.")] = TURN,
) -> None:
    """Fetch the end-of-turn model (8.7 MB, BSD-2) from the package registry, once."""
    from rich.console import Console

    from workers.engines import model_download

    if name != TURN:
        raise CommandError(f"there is no model {name!r} to fetch: it is {TURN}")
    settings = load()
    Console().print("Fetching Smart Turn v3.2 (a download of 12 MB, once) ...")
    path = model_download.fetch_turn_model(settings.cache_dir)
    Console().print(f"Here: {path}. STT workers started from now on use it.", soft_wrap=True)
