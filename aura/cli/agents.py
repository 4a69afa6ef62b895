"""`aura agents`: checks, applies, compares and restores agents, which are files."""

import re
from pathlib import Path
from typing import Annotated

import typer

from aura.cli.agent_files.agent_check import flaws, remarks, unknown_names
from aura.cli.agent_files.applied_files import AppliedFiles
from aura.cli.running import run
from runtime.agents.store import AGENT
from schemas import names

FILES = AppliedFiles(AGENT, unknown_names, flaws, remarks, shared="all")

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help=(
        "An agent is a file, agents/NAME.yaml: a prompt, a greeting, a language, a model. A call "
        "names it by `agent` of its token, by ?agent=NAME, or by start_conversation.agent; one "
        "that names none is served by the agent called `default`, if there is one.\n\n"
        "aura agents apply agents/      check all files, then make them the newest revisions\n\n"
        "aura agents diff host.yaml     what applying it would change\n\n"
        "aura agents history host       its revisions\n\n"
        "aura agents rollback host@12   that text again, as a new revision\n\n"
        "An applied agent serves the next call, without a restart; calls that go on keep theirs. "
        "docs/agents.md teaches the file."
    ),
)

Tenant = Annotated[
    str, typer.Option(metavar="T", help="Whose agent; default: one that all tenants share.")
]
Name = Annotated[str, typer.Argument(metavar="NAME[@REV]", help="`@12`: of that revision.")]
JustName = Annotated[str, typer.Argument(metavar="NAME", help="As listed.")]


@app.command()
def apply(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="Files NAME.yaml, or folders of them.")
    ],
    tenant: Tenant = "",
    *,
    check: Annotated[bool, typer.Option("--check", help="Read them only; needs no bus.")] = False,
) -> None:
    """Make files the newest revisions of their agents; the next call is served by them.

    All files are checked first. If one is invalid, its line is printed and nothing is applied.
    """
    run(FILES.apply(paths, _tenant(tenant), check=check))


@app.command("list")
def list_(
    tenant: Tenant = "",
    *,
    as_json: Annotated[bool, typer.Option("--json", help="A list of JSON objects.")] = False,
) -> None:
    """List all agents, or with --tenant the agents that calls of that tenant can use."""
    run(FILES.tell_all(_tenant(tenant), as_json=as_json))


@app.command()
def show(name: Name, tenant: Tenant = "") -> None:
    """Print the file of an agent as it was applied."""
    run(FILES.show(name, _tenant(tenant)))


@app.command()
def diff(
    first: Annotated[str, typer.Argument(metavar="FILE|NAME[@REV]", help="What to compare.")],
    other: Annotated[
        str, typer.Argument(metavar="FILE|NAME[@REV]", help="With this; see above.")
    ] = "",
    tenant: Tenant = "",
) -> None:
    """Compare two texts of an agent; exit 1 where they differ.

    aura agents diff host.yaml          what is applied, and the file

    aura agents diff host               the revision before, and the newest

    aura agents diff host@12            revision 12, and the newest

    aura agents diff host@12 host@14    these two
    """
    run(FILES.diff(first, other, _tenant(tenant)))


@app.command()
def history(name: JustName, tenant: Tenant = "") -> None:
    """List the revisions of an agent, newest first; 64 are kept."""
    run(FILES.history(name, _tenant(tenant)))


@app.command()
def rollback(name: Name, tenant: Tenant = "") -> None:
    """Apply an older revision again, as a new one; without @REV the second newest."""
    run(FILES.rollback(name, _tenant(tenant)))


@app.command()
def remove(name: JustName, tenant: Tenant = "") -> None:
    """Remove an agent, so that new calls cannot use it; `rollback` restores it."""
    run(FILES.remove(name, _tenant(tenant)))


def _tenant(tenant: str) -> str:
    """Return the tenant in the form of keys and events."""
    given_by_aura = tenant in {"", "demo"} or re.fullmatch(r"x[0-9a-f]{24}", tenant)
    return tenant if given_by_aura else names.stored(tenant)
