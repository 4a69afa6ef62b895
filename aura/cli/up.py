"""`aura up`: everything on one machine."""

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
        typer.Option(
            metavar="PATH", help="Apply these agents first: files or folders; repeatable."
        ),
    ] = None,
    *,
    console: Annotated[
        bool | None, typer.Option(help="The operator's console; default AURA_CONSOLE.")
    ] = None,
) -> None:
    """Run everything on this machine: bus, edge, workers, console. Ctrl-C ends it properly."""
    settings = place({"port": port, "host": host, "console": console})
    if settings.console:
        Access.of(settings)  # report errors of its settings before anything starts
    texts = _checked(agents) if agents else {}
    workers: dict[StageName, int] = {"stt": stt, "llm": llm, "tts": tts, "tool": tools}
    role(settings, "up", up(settings, Counts(edges, workers), texts))


def _checked(agents: list[Path]) -> dict[str, str]:
    """Return the texts of *agents* by name, with the checks of `apply` that need no bus.

    Raises:
        BrokenFilesError: some of the files are no agents.
        SettingsError: an agent has an invalid part.
    """
    from aura.cli.agent_files.agent_check import flaws  # noqa: PLC0415  # loads the check of schemas

    texts = load_all(agents)
    if wrong := flaws(texts):
        raise SettingsError("\n".join(wrong))
    return texts
