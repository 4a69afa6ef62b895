"""`aura forget`: every trace of sessions erased, and the server asked again whether it is so."""

from __future__ import annotations

from typing import Annotated

import typer

from aura.bus.connection import Bus, connect
from aura.cli.here import CommandError, run
from aura.sessions import log, moving
from aura.sessions.finding import sessions
from aura.sessions.listing import Wanted
from aura.settings import Settings, load
from schemas import subjects


async def forget(settings: Settings, session: str, *, user: str, tenant: str) -> int:
    """Erase a session, or all of a user, or all of a tenant; 1 where something is left."""
    if not (session or user or tenant):
        raise CommandError("say what to forget: a SESSION, --user or --tenant")
    bus = await connect(settings, "aura-forget")
    try:
        whose = await _whose(bus, session, user=user, tenant=tenant)
        if not whose:
            raise CommandError("nothing is recorded that fits; `aura sessions` lists what is there")
        erased = await moving.forget(bus, whose)
        left = {own: await moving.left(bus, *own) for own in whose}
    finally:
        await bus.close()
    for (_, name), count in left.items():
        if count:
            print(f"{name}: {count} messages are LEFT (does the call go on?): forget it again")
    if any(left.values()):
        return 1
    print(
        f"{len(whose)} session{'s' * (len(whose) != 1)} forgotten: {erased} messages erased, "
        "and the server, asked again, holds none of them."
    )
    return 0


async def _whose(bus: Bus, session: str, *, user: str, tenant: str) -> list[tuple[str, str]]:
    """Return tenant and id of the sessions that are meant."""
    if user:
        rows = await sessions(bus, Wanted(tenant=tenant, user=user))
        return [(row.tenant, row.session) for row in rows if session in {"", row.session}]
    found: set[tuple[str, str]] = set()
    for stream, subject in (
        (subjects.EVENTS_STREAM, subjects.session_events(tenant or "*", session or "*")),
        (subjects.RECORDING_STREAM, subjects.recording(tenant or "*", session or "*")),
    ):
        for name in await log.count(bus, stream, subject):
            parts = name.split(".")
            found.add((parts[2], parts[3]))
    return sorted(found)


def command(
    session: Annotated[str, typer.Argument(metavar="[SESSION]", help="Its id.")] = "",
    *,
    user: Annotated[str, typer.Option(help="All sessions of this user.")] = "",
    tenant: Annotated[str, typer.Option(help="All sessions of this tenant.")] = "",
) -> None:
    """Erase every trace of sessions, then ask the server whether any is left."""
    run(forget(load(), session, user=user, tenant=tenant))
