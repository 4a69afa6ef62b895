"""`aura agents`: agents as files, checked, applied, compared and taken back."""

# ruff: noqa: PLC0415 - `aura --help` must not load the bus

from __future__ import annotations

import json
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aura.cli.agent_texts import changed, difference, labelled, table_of
from aura.cli.running import CommandError, run
from runtime.printable import printable
from runtime.settings import load

if TYPE_CHECKING:
    from runtime.bus.connection import Bus

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

    All are checked first. If one is broken, its line is told and nothing is applied.
    """
    run(_apply(paths, _tenant(tenant), check=check))


@app.command("list")
def list_(
    tenant: Tenant = "",
    *,
    as_json: Annotated[bool, typer.Option("--json", help="A list of JSON objects.")] = False,
) -> None:
    """List all agents, or with --tenant those that its calls can have."""
    run(_list(_tenant(tenant), as_json=as_json))


@app.command()
def show(name: Name, tenant: Tenant = "") -> None:
    """Print the file of an agent as it was applied."""
    run(_show(name, _tenant(tenant)))


@app.command()
def diff(
    one: Annotated[str, typer.Argument(metavar="FILE|NAME[@REV]", help="What to compare.")],
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
    run(_diff(one, other, _tenant(tenant)))


@app.command()
def history(name: JustName, tenant: Tenant = "") -> None:
    """List the revisions of an agent, newest first; 64 are kept."""
    run(_history(name, _tenant(tenant)))


@app.command()
def rollback(name: Name, tenant: Tenant = "") -> None:
    """Apply an older revision again, as a new one; without @REV the one before the newest."""
    run(_rollback(name, _tenant(tenant)))


@app.command()
def remove(name: JustName, tenant: Tenant = "") -> None:
    """Take an agent away from the next calls; `rollback` brings it back."""
    run(_remove(name, _tenant(tenant)))


# ---------------------------------------------------------------- what they do


def _tenant(tenant: str) -> str:
    """Return the tenant as keys and events have it."""
    from schemas import names

    given_by_aura = tenant in {"", "demo"} or re.fullmatch(r"x[0-9a-f]{24}", tenant)
    return tenant if given_by_aura else names.stored(tenant)


def revision_named(name: str) -> tuple[str, int]:
    """Return the name and the revision (0: the newest) that `NAME[@REV]` says.

    Raises:
        CommandError: it says none.
    """
    from schemas.subjects import is_token

    bare, at, number = name.partition("@")
    if not is_token(bare) or (at and not (number.isdecimal() and int(number))):
        raise CommandError(f"{name!r} is no NAME or NAME@REV: `aura agents list` says which are")
    return bare, int(number or 0)


@asynccontextmanager
async def _bus() -> AsyncIterator[Bus]:
    """Yield a connection; what the bucket refuses is told in one line."""
    from runtime.agents.file import AgentFileError
    from runtime.agents.store import NoSuchAgentError
    from runtime.bus.connection import connect
    from runtime.bus.errors import FencedError

    bus = await connect(load(), "aura-agents")
    try:
        yield bus
    except FencedError as error:
        raise CommandError("somebody else has just applied it: look at `history`") from error
    except (AgentFileError, NoSuchAgentError) as error:
        raise CommandError(str(error)) from error
    finally:
        await bus.close()


async def _apply(paths: list[Path], tenant: str, *, check: bool) -> int:
    from aura.cli.agent_check import unknown_names
    from runtime.agents import file, store

    try:
        read = file.load_all(paths)
    except file.BrokenAgentsError as error:
        for broken in error.errors:
            sys.stderr.write(f"aura: {printable(str(broken))}\n")
        return 1
    if check:
        print(f"{len(read)} good.")
        return 0
    async with _bus() as bus:
        if unknown := await unknown_names(bus, load(), tenant, read):
            sys.stderr.writelines(f"aura: {printable(line)}\n" for line in unknown)
            return 1
        for name, text in read.items():
            number, changed = await store.apply(bus, tenant, name, text)
            print(f"{name}@{number} {'applied' if changed else 'is in place'}")
    return 0


async def _list(tenant: str, *, as_json: bool) -> int:
    from rich.console import Console

    from runtime.agents import store
    from runtime.agents.file import AgentFileError

    async with _bus() as bus:
        found = [store.revision_of(one) for one in await store.everything(bus)]
    there = [one for one in found if one.text and (not tenant or one.tenant in {"", tenant})]
    rows = []
    for one in sorted(there, key=lambda each: (each.tenant, each.name)):
        try:
            about = one.agent().description
        except AgentFileError as error:
            about = f"broken: {error}"
        rows.append((one, about))
    if as_json:
        told = [
            {"name": o.name, "tenant": o.tenant, "revision": o.number, "time": o.time, "about": a}
            for o, a in rows
        ]
        sys.stdout.write(json.dumps(told) + "\n")
        return 0
    if not rows:
        print("No agent is applied: calls are set as `aura settings` says.")
        return 0
    Console(markup=False, emoji=False).print(table_of(rows))
    return 0


async def _show(name: str, tenant: str) -> int:
    from runtime.agents import store

    async with _bus() as bus:
        found = await store.find(bus, tenant, *revision_named(name))
    for line in found.text.splitlines():
        print(printable(line))
    return 0


async def _diff(one: str, other: str, tenant: str) -> int:
    from runtime.agents import store

    async with _bus() as bus:
        if other:
            before = await _side(bus, one, tenant)
            after = await _side(bus, other, tenant)
        elif _is_file(one):
            after = await _side(bus, one, tenant)
            newest = await store.newest(bus, tenant, Path(one).stem)
            before = labelled(newest) if newest else ("not applied", "")
        else:
            name, number = revision_named(one)
            texts = await store.history(bus, tenant, name)
            if not number and len(texts) > 1:
                number = texts[-2].number
            before = labelled(await store.find(bus, tenant, name, number))
            after = labelled(await store.find(bus, tenant, name))
    lines = difference(before, after)
    for line in lines:
        print(printable(line))
    return 1 if lines else 0


def _is_file(text: str) -> bool:
    return "/" in text or text.endswith((".yaml", ".yml"))


async def _side(bus: Bus, named: str, tenant: str) -> tuple[str, str]:
    """Return the label and the text of one side of a comparison."""
    from runtime.agents import file, store

    if _is_file(named):
        return named, file.load(Path(named))[1]
    return labelled(await store.find(bus, tenant, *revision_named(named)))


async def _history(name: str, tenant: str) -> int:
    from runtime.agents import store

    async with _bus() as bus:
        revisions = await store.history(bus, tenant, name)
    if not revisions:
        raise CommandError(f"there is no agent {name}: `aura agents list` says which there are")
    older = ["", *(one.text for one in revisions)]
    for before, one in reversed(list(zip(older, revisions, strict=False))):
        print(printable(f"{one}  {one.time[:19]}Z  {changed(before, one.text)}"))
    return 0


async def _rollback(named: str, tenant: str) -> int:
    from runtime.agents import store

    name, number = revision_named(named)
    async with _bus() as bus:
        if not number:
            older = [one for one in (await store.history(bus, tenant, name))[:-1] if one.text]
            if not older:
                raise CommandError(f"{name} has no revision before: `aura agents history {name}`")
            number = older[-1].number
        wanted = await store.find(bus, tenant, name, number)
        if wanted.tenant != tenant:
            raise CommandError(f"{wanted} is one that all tenants share: leave out --tenant")
        now, changed = await store.apply(bus, tenant, name, wanted.text)
    print(f"{name}@{now} is {wanted} again" if changed else f"{name}@{now} is in place")
    return 0


async def _remove(name: str, tenant: str) -> int:
    from runtime.agents import store

    async with _bus() as bus:
        await store.remove(bus, tenant, revision_named(name)[0])
    print(f"{name} is removed: `aura agents rollback {name}` brings it back.")
    return 0
