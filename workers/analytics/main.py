"""An analytics process: the subscribers of a group, each with its own durable consumer."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from runtime.bus.connection import Bus, connect
from runtime.bus.discovery import announced
from runtime.bus.durable_subscription import Group, StartPosition, join
from runtime.bus.jobs import Jobs
from runtime.process import metrics
from runtime.process.stopping import stop_event
from runtime.settings import Settings, SettingsError
from schemas import subjects
from workers.analytics.event_sources import EventSource, Live
from workers.analytics.runner import Runner
from workers.analytics.subscribers import Context, Subscriber, SubscriberError
from workers.engines.errors import EngineError

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Plan:
    """The subscribers to run, and the source of their events."""

    subscribers: Sequence[Subscriber]
    group: str
    start: StartPosition
    live: bool = False

    def __post_init__(self) -> None:
        if not subjects.is_token(self.group):
            raise SubscriberError(f"--group is A-Z a-z 0-9 _ -, not {self.group!r}")
        names = [subscriber.name for subscriber in self.subscribers]
        if twice := {name for name in names if names.count(name) > 1}:
            raise SubscriberError(
                f"two subscribers are called {twice.pop()!r}: give one of them name=..."
            )

    @property
    def groups(self) -> dict[str, Group]:
        """The durable groups that the plan needs, by the subscriber's name."""
        durable = () if self.live else self.subscribers
        return {subscriber.name: self._group_of(subscriber) for subscriber in durable}

    def _group_of(self, subscriber: Subscriber) -> Group:
        tenant = subscriber.tenant
        filters = [subjects.session_events(tenant, "*", kind) for kind in subscriber.kinds]
        return Group(f"{self.group}-{subscriber.name}", filters, subscriber.ack_wait_s)

    @property
    def user(self) -> str:
        """The user on the bus of `aura up` that has enough rights and no more."""
        return max(
            (subscriber.user for subscriber in self.subscribers), key=["analytics", "shadow"].index
        )


async def serve(settings: Settings, plan: Plan) -> int:
    """Run *plan* until SIGTERM or SIGINT; return the process's exit code.

    Raises:
        BusAwayError: no server answers, or it refuses the group.
        SettingsError: a setting that a subscriber needs is missing.
    """
    stop = stop_event()
    async with metrics.served(settings, "analytics") as condition:
        name = f"aura-analytics-{plan.group}"
        await _make_groups(settings, plan)
        async with await connect(settings, name, role=plan.user) as bus:
            metrics.BUS.set_function(lambda: bus.connected)
            runners = [
                Runner(subscriber, await _source(bus, plan, subscriber))
                for subscriber in plan.subscribers
            ]
            async with announced(bus, "analytics", lambda: _describe(plan, runners)):
                condition.ready = lambda: bus.connected and not stop.is_set()
                names = [subscriber.name for subscriber in plan.subscribers]
                log.info("worker_ready", group=plan.group, subscribers=names, live=plan.live)
                context = Context(bus, settings, plan.group)
                await _run(runners, context, stop)
            done, failed = sum(r.done for r in runners), sum(r.failed for r in runners)
            log.info("worker_left", done=done, failed=failed)
    return 0


async def _run(runners: Sequence[Runner], context: Context, stop: asyncio.Event) -> None:
    """Run all subscribers until *stop*.

    Raises:
        SettingsError, EngineError: a setting or an engine of a subscriber is missing.
    """
    failure: Exception | None = None
    try:
        async with asyncio.TaskGroup() as tasks:
            for runner in runners:
                tasks.create_task(runner.run(context, stop))
    except* (SettingsError, EngineError) as failed:
        failure = failed.exceptions[0]
    if failure is not None:
        raise failure


async def _make_groups(settings: Settings, plan: Plan) -> None:
    """Create the groups that do not exist, as the operator if we have its password.

    A reader may not create groups, since a consumer can be set to deliver to any subject.

    Raises:
        BusAwayError: no server answers, or it refuses; the message says which user may.
    """
    if not plan.groups:
        return
    async with await connect(settings, f"aura-groups-{plan.group}") as operator:
        for group in plan.groups.values():
            if not await join(operator, group, plan.start):
                log.info("group_goes_on", consumer=group.name)


async def _source(bus: Bus, plan: Plan, subscriber: Subscriber) -> EventSource:
    if plan.live:
        return await Live(bus, subscriber).listen()
    group = plan.groups[subscriber.name].name
    return Jobs(
        bus, group, subscriber.ahead, wanted=subscriber.types, copies=not subscriber.calls_only
    )


def _describe(plan: Plan, runners: Sequence[Runner]) -> dict[str, Any]:
    return {
        "model": ", ".join(subscriber.name for subscriber in plan.subscribers),
        "group": plan.group,
        "slots": sum(subscriber.at_once for subscriber in plan.subscribers),
        "in_flight": sum(runner.in_flight for runner in runners),
        "done": sum(runner.done for runner in runners),
        "failed": sum(runner.failed for runner in runners),
        "pid": os.getpid(),
    }
