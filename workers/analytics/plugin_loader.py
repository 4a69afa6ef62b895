"""Load subscribers and parse the start position."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from runtime.bus.durable_subscription import Start
from runtime.settings import Settings
from workers.analytics.subscribers import Subscriber, SubscriberError

UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def load(name: str, settings: Settings) -> list[Subscriber]:
    """Return the subscribers of `module` or `module:attribute`, in this folder or installed.

    An attribute may be a function of the settings that returns them; a module's own such function
    is called `subscribers`.

    Raises:
        SettingsError: a setting that such a function needs is missing.
        SubscriberError: no such module or attribute, or no subscriber in it.
    """
    module_name, _, attribute = name.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        missing = error.name or module_name
        if module_name == missing or module_name.startswith(f"{missing}."):
            raise SubscriberError(
                f"there is no module {module_name!r} here or in the environment: run the command "
                "in the folder that holds it, or set PYTHONPATH"
            ) from error
        raise SubscriberError(f"{module_name} needs {missing}, which is not installed") from error
    except ImportError as error:
        raise SubscriberError(f"{module_name} cannot be imported: {error}") from error
    if attribute and not hasattr(module, attribute):
        raise SubscriberError(f"{module_name} has no {attribute!r}")
    found = getattr(module, attribute or "subscribers", None)
    if callable(found):
        found = found(settings)
    elif not attribute:
        found = vars(module).values()
    subscribers = [found] if isinstance(found, Subscriber) else _of(found)
    if not subscribers:
        raise SubscriberError(
            f'no subscriber in {name}: put @subscriber("transcript.final") before an async function'
        )
    return subscribers


def _of(things: object) -> list[Subscriber]:
    """Return the subscribers among *things*, each once."""
    if not isinstance(things, Iterable):
        return []
    found = {id(thing): thing for thing in things if isinstance(thing, Subscriber)}
    return list(found.values())


def group_of(name: str) -> str:
    """Return the default group of `--module name`."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", name.partition(":")[0])


def start_of(text: str, now: datetime) -> Start:
    """Return the start of a new group: `now`, `beginning`, `2h` (ago) or a time (ISO 8601, UTC).

    Raises:
        SubscriberError: *text* is none of these.
    """
    if text == "now":
        return Start("new")
    if text == "beginning":
        return Start("all")
    if ago := re.fullmatch(r"(\d+)([smhd])", text):
        return Start("by_start_time", now - timedelta(seconds=int(ago[1]) * UNITS_S[ago[2]]))
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise SubscriberError(
            f"--from {text!r}: it is now, beginning, a time such as 2026-11-20T08:00, or how long "
            "ago such as 30m, 2h, 1d"
        ) from error
    return Start("by_start_time", at if at.tzinfo else at.replace(tzinfo=UTC))
