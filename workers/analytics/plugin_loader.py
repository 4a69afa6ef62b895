"""Loads subscribers, and parses the start position."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from runtime.bus.durable_subscription import StartPosition
from runtime.settings import Settings
from workers.analytics.subscribers import Subscriber, SubscriberError
from workers.module_loader import ModuleNotLoadedError, load_module

UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def load(name: str, settings: Settings) -> list[Subscriber]:
    """Return the subscribers of `module` or `module:attribute`, from this folder or installed.

    An attribute may be a function that takes the settings and returns subscribers. For a whole
    module this function is named `subscribers`.

    Raises:
        SettingsError: a setting that such a function needs is missing.
        SubscriberError: no such module or attribute, or no subscriber in it.
    """
    module_name, _, attribute = name.partition(":")
    try:
        module = load_module(module_name)
    except ModuleNotLoadedError as error:
        raise SubscriberError(str(error)) from error
    if attribute and not hasattr(module, attribute):
        raise SubscriberError(f"{module_name} has no {attribute!r}")
    loaded = getattr(module, attribute or "subscribers", None)
    if callable(loaded):
        loaded = loaded(settings)
    elif not attribute:
        loaded = vars(module).values()
    subscribers = [loaded] if isinstance(loaded, Subscriber) else _subscribers_in(loaded)
    if not subscribers:
        raise SubscriberError(
            f'no subscriber in {name}: put @subscriber("transcript.final") before an async function'
        )
    return subscribers


def _subscribers_in(things: object) -> list[Subscriber]:
    """Return the subscribers among *things*, without duplicates."""
    if not isinstance(things, Iterable):
        return []
    by_identity = {id(thing): thing for thing in things if isinstance(thing, Subscriber)}
    return list(by_identity.values())


def group_of(name: str) -> str:
    """Return the default group of `--module name`."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", name.partition(":")[0])


def start_of(text: str, now: datetime) -> StartPosition:
    """Return the start of a new group: `now`, `beginning`, `2h` (ago) or a time (ISO 8601, UTC).

    Raises:
        SubscriberError: *text* has none of these forms.
    """
    if text == "now":
        return StartPosition("new")
    if text == "beginning":
        return StartPosition("all")
    try:
        if ago := re.fullmatch(r"(\d+)([smhd])", text):
            at = now - timedelta(seconds=int(ago[1]) * UNITS_S[ago[2]])
        else:
            at = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise SubscriberError(
            f"--from {text!r}: write now, beginning, a time such as 2026-11-20T08:00, or how long "
            "ago: 30m, 2h, 1d"
        ) from error
    return StartPosition("by_start_time", at if at.tzinfo else at.replace(tzinfo=UTC))
