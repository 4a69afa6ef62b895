"""`aura provision`: applies the declarations in nats/, and creates the groups of subscribers."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from aura.cli.running import CommandError, run
from deploy.provision import provision
from runtime.bus.connection import connect
from runtime.bus.durable_subscription import Group, StartPosition, join
from runtime.settings import Settings, load


async def apply(
    settings: Settings, groups: list[Group], start: StartPosition, *, force: bool
) -> int:
    async with await connect(settings, "aura-provision") as bus:
        done = await provision(bus, replicas=settings.replicas, force=force)
        done += [f"group {group.name} created" for group in groups if await join(bus, group, start)]
    print("\n".join(done) or "All in place.")
    return 0


def groups_of(
    settings: Settings, modules: list[str], events: str, group: str, start: str
) -> tuple[list[Group], StartPosition]:
    """Return the durable groups for the subscribers in *modules*, or for *events*.

    Raises:
        CommandError: there is no such module or event, no name of the group, or an invalid time.
    """
    from aura.cli import analytics  # noqa: PLC0415  # whom nobody subscribes to needs no analytics
    from workers.analytics.plugin_loader import start_of  # noqa: PLC0415  # the same
    from workers.analytics.subscribers import SubscriberError, filters_of  # noqa: PLC0415  # the same

    if events and (modules or not group):
        raise CommandError("--events needs --group, the name of the group, and no --module")
    if modules:
        plan = analytics.plan(settings, modules, group, start, live=False)
        return list(plan.groups.values()), plan.start
    try:
        wanted = [Group(group, filters_of(*events.split(",")), ACK_WAIT_S)] if events else []
        return wanted, start_of(start, datetime.now(UTC))
    except SubscriberError as error:
        raise CommandError(str(error)) from error


ACK_WAIT_S = 30.0
"""For a subscriber in another language: the time after which events of a dead process are
redelivered."""


def command(
    module: Annotated[
        list[str] | None,
        typer.Option(help="Also create the groups of these subscribers; repeatable."),
    ] = None,
    events: Annotated[
        str, typer.Option(help="Also create a group for these events, comma separated.")
    ] = "",
    group: Annotated[
        str, typer.Option(help="The name of the group, as for `aura worker analytics`.")
    ] = "",
    start: Annotated[
        str, typer.Option("--from", help="Start of a new group: now, beginning, 2h (ago), a time.")
    ] = "now",
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Let a stream keep less; older messages are lost.")
    ] = False,
) -> None:
    """Create or update Aura's streams and consumers at NATS_URL; safe at any time.

    On a bus with users only the operator may create the group of a subscriber. Give the same
    --module (or --events, for a subscriber in another language), --group and --from as the
    subscriber.
    """
    settings = load()
    groups, begin = groups_of(settings, module or [], events, group, start)
    run(apply(settings, groups, begin, force=force))
