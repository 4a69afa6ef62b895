"""`aura console`: shows calls, workers and events in a browser, and sends commands to calls."""

# ruff: noqa: PLC0415 - `aura --help` must not load the server

from typing import Annotated

import typer

from aura.cli.options import place
from aura.cli.running import role


def command(
    port: Annotated[
        int | None, typer.Option(help="Default AURA_CONSOLE_PORT or 8090; 0: a free one.")
    ] = None,
    host: Annotated[
        str | None,
        typer.Option(help="Address to listen on; default 127.0.0.1. Others need a token."),
    ] = None,
    *,
    words: Annotated[
        bool | None, typer.Option(help="Show the words of calls; without it: no words, no sound.")
    ] = None,
    commands: Annotated[
        bool | None, typer.Option(help="Let users of the console send commands to calls.")
    ] = None,
) -> None:
    """Serve the console: live calls, workers, events, the last hour. Ctrl-C ends it.

    It uses the bus at NATS_URL, or that of the `aura up` in AURA_DATA_DIR, and waits for it.
    """
    from aura.cli.console.server import serve

    options = {"port": port, "host": host, "words": words, "commands": commands}
    settings = place({f"console_{name}": value for name, value in options.items()})
    role(settings, "console", serve(settings))
