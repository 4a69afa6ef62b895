"""`aura forget`: erases all messages of sessions, then counts again to prove it."""

from collections.abc import Iterable
from typing import Annotated

import typer

from aura.cli.options import one_id
from aura.cli.running import CommandError, run
from runtime.bus import calls
from runtime.bus.connection import Bus, connect
from runtime.sessions import log, transfer
from runtime.sessions.finding import sessions
from runtime.sessions.listing import ListedSession, SessionFilter, replays_of
from runtime.settings import Settings, load
from runtime.text.printable import printable
from schemas import subjects

Own = tuple[str, str]
"""Tenant and id of a session."""
NOT_REACHED = (
    "Not reached from here: files of `aura export`, logs of processes (which name sessions, but no "
    "users and no words), and what subscribers stored (a webhook's receiver, AURA_SHADOW_OUT, the "
    "warehouse, which has numbers and ids but no words)."
)


async def forget(settings: Settings, session: str, *, user: str, tenant: str) -> int:
    """Erase a session, or all sessions of a user or a tenant; return 1 if something is left."""
    if not (session or user or tenant):
        raise CommandError("give a SESSION, --user or --tenant to forget")
    if session and (user or tenant):
        raise CommandError("a SESSION needs no user or tenant: leave out --user and --tenant")
    async with await connect(settings, "aura-forget") as bus:
        meant, replays = await _sessions_of(bus, session, user=user, tenant=tenant)
        if not meant and not replays:
            raise CommandError("no recorded session matches; `aura sessions` lists all")
        for row in replays:
            print(printable(f"{row.session} goes too: it is a replay of {row.replay_of}"))
        chosen = sorted({*meant, *_owns(replays)})
        erased = await transfer.forget(bus, chosen)
        left = {own: await transfer.left(bus, *own) for own in chosen}
        running = {(call.tenant, call.session) for call in await calls.running(bus, tenant="")}
    for (_, name), count in left.items():
        if count:
            print(
                printable(
                    f"{name}: {count} messages are LEFT (the call may still go on): forget it again"
                )
            )
    going_on = running & {*chosen}
    for _, name in sorted(going_on):
        print(
            printable(f"{name}: the call GOES ON and is stored anew: end it, then forget it again")
        )
    if any(left.values()) or going_on:
        return 1
    print(
        f"{len(chosen)} session{'s' * (len(chosen) != 1)} forgotten: {erased} messages erased, "
        f"and the server, asked again, holds none of them.\n{NOT_REACHED}"
    )
    return 0


def _owns(rows: Iterable[ListedSession]) -> set[Own]:
    return {(row.tenant, row.session) for row in rows}


async def _sessions_of(
    bus: Bus, session: str, *, user: str, tenant: str
) -> tuple[set[Own], list[ListedSession]]:
    """Return the chosen sessions, and all replays of them."""
    rows = await sessions(bus, SessionFilter())
    if user:
        wanted = SessionFilter(tenant=tenant, user=user)
        meant = _owns(row for row in rows if wanted.wants(row))
    else:
        meant = await _named(bus, session, tenant)
    names = {name for _, name in meant} | ({session} if session else set())
    replays = [row for row in replays_of(names, rows) if (row.tenant, row.session) not in meant]
    return meant, replays


async def _named(bus: Bus, session: str, tenant: str) -> set[Own]:
    """Return the stored sessions of that name and tenant."""
    owns: set[Own] = set()
    for owner in SessionFilter(tenant=tenant).tenants:
        for stream, subject in (
            (subjects.EVENTS_STREAM, subjects.session_events(owner, session or "*")),
            (subjects.RECORDING_STREAM, subjects.recording(owner, session or "*")),
        ):
            for name in await log.count(bus, stream, subject):
                parts = name.split(".")
                owns.add((parts[2], parts[3]))
    return owns


def command(
    session: Annotated[
        str, typer.Argument(metavar="[SESSION]", help="Its id.", callback=one_id)
    ] = "",
    *,
    user: Annotated[
        str, typer.Option(help="All sessions of this user, named as in the token or in the list.")
    ] = "",
    tenant: Annotated[
        str, typer.Option(help="All sessions of this tenant, named in the same way.")
    ] = "",
) -> None:
    """Erase all messages of sessions and their replays, then count what is left."""
    run(forget(load(), session, user=user, tenant=tenant))
