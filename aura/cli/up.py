"""`aura up`: everything on one machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aura.cli.console.access import Access
from aura.cli.options import Host, Port, place
from aura.cli.running import role
from deploy.up import Counts, up
from runtime.agents.file import load_all
from runtime.settings import SettingsError
from schemas.events import StageName


def command(  # noqa: PLR0913, PLR0917  # typer makes an option of each argument
    port: Port = None,
    host: Host = None,
    stt: Annotated[int, typer.Option(min=0, help="STT workers.")] = 1,
    llm: Annotated[int, typer.Option(min=0, help="LLM workers.")] = 1,
    tts: Annotated[int, typer.Option(min=0, help="TTS workers.")] = 1,
    tools: Annotated[int, typer.Option(min=0, help="Tool runners.")] = 1,
    edges: Annotated[int, typer.Option(min=1, help="Edges, on PORT, PORT+1, ...")] = 1,
    agents: Annotated[
        list[Path] | None,
        typer.Option(metavar="PATH", help="Apply these agents first: files, folders; repeatable."),
    ] = None,
    *,
    console: Annotated[
        bool | None, typer.Option(help="The operator's console; default AURA_CONSOLE.")
    ] = None,
) -> None:
    """Run everything on this machine: bus, edge, workers, console. Ctrl-C ends it well."""
    settings = place({"port": port, "host": host, "console": console})
    if settings.console:
        Access.of(settings)  # what is wrong with it is told before anything has started
    if agents:
        _refuse_flawed(agents)
    workers: dict[StageName, int] = {"stt": stt, "llm": llm, "tts": tts, "tool": tools}
    role(settings, "up", up(settings, Counts(edges, workers, agents or [])))


def _refuse_flawed(agents: list[Path]) -> None:
    """Refuse what `aura agents apply` refuses without a bus.

    Raises:
        BrokenFilesError: some of the files are no agents.
        SettingsError: no call with one of them would go well.
    """
    from aura.cli.agent_check import flaws  # noqa: PLC0415  # loads the check of schemas

    if wrong := flaws(load_all(agents)):
        raise SettingsError("\n".join(wrong))
