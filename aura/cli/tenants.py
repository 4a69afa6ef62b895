"""`aura tenants`: limits, prices and default agents of tenants, kept as files like agents."""

from pathlib import Path
from typing import Annotated

import typer

from aura.cli.agent_files.agent_check import unknown_agents
from aura.cli.agent_files.applied_files import AppliedFiles
from aura.cli.running import run
from runtime.agents.store import TENANT

FILES = AppliedFiles(TENANT, unknown_agents)

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help=(
        "A tenant's calls are held to a file, tenants/TENANT.yaml: how many there may be, what "
        "one may use up, what it costs, which agent serves a call that names none. What it leaves "
        "out is as the settings say.\n\n"
        "aura tenants apply tenants/    check all files, then make them the newest revisions\n\n"
        "aura tenants show acme         the file as it was applied\n\n"
        "aura tenants rollback acme@12  that text again, as a new revision\n\n"
        "docs/agents.md has the file."
    ),
)

Name = Annotated[str, typer.Argument(metavar="TENANT[@REV]", help="`@12`: of that revision.")]
JustName = Annotated[str, typer.Argument(metavar="TENANT", help="As listed.")]


@app.command()
def apply(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="Files TENANT.yaml, or folders of them.")
    ],
    *,
    check: Annotated[bool, typer.Option("--check", help="Read them only; needs no bus.")] = False,
) -> None:
    """Make files the newest revisions of their tenants; they hold for new calls.

    All files are checked first. If one is invalid, its line is printed and nothing is applied.
    """
    run(FILES.apply(paths, "", check=check))


@app.command("list")
def list_(
    *, as_json: Annotated[bool, typer.Option("--json", help="A list of JSON objects.")] = False
) -> None:
    """List the tenants that have a file."""
    run(FILES.tell_all("", as_json=as_json))


@app.command()
def show(name: Name) -> None:
    """Print the file of a tenant as it was applied."""
    run(FILES.show(name, ""))


@app.command()
def diff(
    first: Annotated[str, typer.Argument(metavar="FILE|TENANT[@REV]", help="What to compare.")],
    other: Annotated[
        str, typer.Argument(metavar="FILE|TENANT[@REV]", help="With this; see above.")
    ] = "",
) -> None:
    """Compare two texts of a tenant, as `aura agents diff` does; exit 1 where they differ."""
    run(FILES.diff(first, other, ""))


@app.command()
def history(name: JustName) -> None:
    """List the revisions of a tenant's file, newest first; 64 are kept."""
    run(FILES.history(name, ""))


@app.command()
def rollback(name: Name) -> None:
    """Apply an older revision again, as a new one; without @REV the second newest."""
    run(FILES.rollback(name, ""))


@app.command()
def remove(name: JustName) -> None:
    """Remove a tenant's file, so that only the settings hold; `rollback` restores it."""
    run(FILES.remove(name, ""))
