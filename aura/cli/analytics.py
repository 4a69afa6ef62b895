"""The subscribers of `aura worker analytics`: the operator's own, or the shipped ones."""

from datetime import UTC, datetime

from aura.cli.running import CommandError
from runtime.settings import Settings
from workers.analytics.main import Plan
from workers.analytics.plugin_loader import group_of, load, start_of
from workers.analytics.subscribers import SubscriberError


def plan(settings: Settings, modules: list[str], group: str, start: str, *, live: bool) -> Plan:
    """Return the subscribers to run and their start.

    Raises:
        CommandError: there is no module, no subscriber in it, or an invalid name or time.
    """
    if not modules:
        raise CommandError(
            "which subscribers? Name a module: aura worker analytics --module mine:on_words "
            "(shipped: workers.analytics.metrics, .warehouse, .webhook, .shadow:stt)"
        )
    if live and start != "now":
        raise CommandError("--live only gets new events: leave out --from, or --live")
    try:
        subscribers = [subscriber for name in modules for subscriber in load(name, settings)]
        begin = start_of(start, datetime.now(UTC))
        return Plan(subscribers, group or group_of(modules[0]), begin, live)
    except SubscriberError as error:
        raise CommandError(str(error)) from error
