"""`aura up`: everything on one machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aura.cli.options import Host, Port, place
from aura.cli.running import role
from deploy.up import Counts, up


def command(
    port: Port = None,
    host: Host = None,
    stt: Annotated[int, typer.Option(min=0, help="STT workers.")] = 1,
    llm: Annotated[int, typer.Option(min=0, help="LLM workers.")] = 1,
    tts: Annotated[int, typer.Option(min=0, help="TTS workers.")] = 1,
    edges: Annotated[int, typer.Option(min=1, help="Edges, on PORT, PORT+1, ...")] = 1,
    agents: Annotated[
        list[Path] | None,
        typer.Option(metavar="PATH", help="Apply these agents first: files, folders; repeatable."),
    ] = None,
) -> None:
    """Run everything on this machine: bus, edge, workers. Ctrl-C ends it well."""
    settings = place({"port": port, "host": host})
    counts = Counts(edges, {"stt": stt, "llm": llm, "tts": tts}, agents or [])
    role(settings, "up", up(settings, counts))
