"""What a subscriber is: which events it wants, what is called with them, how it is retried.

SubscriberError    declared or named wrongly: refuse to start
RetryLater         raised by a handler: call again after that long
GiveUp             raised by a handler: never call again with this event
"""

from __future__ import annotations

import dataclasses
import difflib
import inspect
import typing
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal

from runtime.bus.connection import Bus
from runtime.bus.durable_subscription import MOST_DELIVERIES
from runtime.settings import Settings
from schemas.events import AnyEvent, Event, Kind
from schemas.subjects import is_token, session_events

TYPES: dict[str, type[Event]] = {
    str(kind.__struct_config__.tag): kind for kind in typing.get_args(AnyEvent)
}
"""Every event there is, by its tag."""

MOST_BATCH = 1000
"""What a group holds unanswered is bounded, and its members share it."""

Handler = Callable[[Any], Awaitable[None]]
"""Called with one event; where the subscriber takes batches, with a list of them."""


class SubscriberError(ValueError):
    """A subscriber is declared or named in a way that cannot work; the message says how."""


class RetryLater(Exception):  # noqa: N818  # raised as a word to the runner, not as a fault
    """Not now: call again after *delay_s*."""

    def __init__(self, delay_s: float, reason: str = "") -> None:
        super().__init__(reason or f"again in {delay_s:g} s")
        self.delay_s = delay_s


class GiveUp(Exception):  # noqa: N818  # the same
    """Never: this event cannot be handled, however often it comes. The reason holds no words."""


@dataclass(frozen=True)
class Context:
    """What a subscriber may use while it runs."""

    bus: Bus
    settings: Settings
    group: str


Opens = Callable[[Context], AbstractAsyncContextManager[Handler]]
"""What a subscriber does before its first event and after its last; yields its handler."""


@dataclass(frozen=True)
class Subscriber:
    """One handler and the events it wants."""

    name: str
    """Names its place in the log together with the group: keep it."""
    types: frozenset[str]
    opens: Opens
    tenant: str = "*"
    at_once: int = 1
    """Handler calls at the same time in one process; 1 keeps the order of the log."""
    batch: int = 0
    """Above 0: the handler takes lists of at most so many events."""
    batch_wait_s: float = 5.0
    """A batch that is not full is handed over after this."""
    tries: int = 5
    """Calls that may fail before the event is given up."""
    backoff_s: float = 0.5
    """Before the second try; doubled for each further one."""
    longest_backoff_s: float = 60.0
    limit_s: float = 60.0
    """A call that takes longer counts as failed."""
    calls_only: bool = False
    """Told of what callers did alone: not of replays, nor of sessions that were imported."""
    user: Literal["analytics", "shadow"] = "analytics"
    """Whom the bus of `aura up` takes it for; a shadow hears callers. See nats/users.conf."""
    ack_wait_s: float = 30.0
    """Events of a process that died are given to another one after this."""

    def __post_init__(self) -> None:
        if not is_token(self.name):
            raise SubscriberError(f"a subscriber's name is A-Z a-z 0-9 _ -, not {self.name!r}")
        if not 1 <= self.tries < MOST_DELIVERIES:
            raise SubscriberError(f"tries is 1 to {MOST_DELIVERIES - 1}, not {self.tries}")
        if not (0 <= self.batch <= MOST_BATCH and self.at_once > 0):
            raise SubscriberError(f"batch is 0 to {MOST_BATCH}, at_once 1 or more")
        if self.tenant != "*" and not is_token(self.tenant):
            raise SubscriberError(f"a tenant is A-Z a-z 0-9 _ -, not {self.tenant!r}")

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of subject on which its events are said."""
        return _kinds(self.types)


def subscriber(
    *types: str | type[Event], name: str = "", **options: Any
) -> Callable[[Handler], Subscriber]:
    """Make an async function a subscriber to events of *types*; `"*"` is all of them.

    *name* is the function's own unless given; the *options* are fields of `Subscriber`.

    Raises:
        SubscriberError: no such event or option, or the function is not `async def`.
    """
    _check_options(options)
    wanted = _known(types)

    def wrap(handler: Handler) -> Subscriber:
        if not inspect.iscoroutinefunction(handler):
            raise SubscriberError(
                f"a subscriber is `async def`: {getattr(handler, '__name__', handler)!r} is not"
            )

        @asynccontextmanager
        async def opens(_: Context) -> AsyncIterator[Handler]:
            yield handler

        return Subscriber(name or handler.__name__, wanted, opens, **options)

    return wrap


def opening(*types: str | type[Event], name: str, **options: Any) -> Callable[[Opens], Subscriber]:
    """Make an async context manager that yields its handler a subscriber: `Opens`.

    Raises:
        SubscriberError: no such event or option.
    """
    _check_options(options)
    wanted = _known(types)

    def wrap(opens: Opens) -> Subscriber:
        return Subscriber(name, wanted, opens, **options)

    return wrap


def filters_of(*types: str) -> list[str]:
    """Return the subjects on which events of *types* are said.

    Raises:
        SubscriberError: no such event.
    """
    return [session_events("*", "*", kind) for kind in _kinds(_known(types))]


def _kinds(types: frozenset[str]) -> tuple[Kind, ...]:
    return tuple(sorted({TYPES[one].KIND for one in types}))


def _check_options(options: dict[str, Any]) -> None:
    known = {one.name for one in dataclasses.fields(Subscriber)} - {"name", "types", "opens"}
    if wrong := sorted(set(options) - known):
        raise SubscriberError(f"there is no option {wrong[0]!r}: {', '.join(sorted(known))}")


def _known(types: tuple[str | type[Event], ...]) -> frozenset[str]:
    names = {str(one if isinstance(one, str) else one.__struct_config__.tag) for one in types}
    if not names:
        raise SubscriberError('name the events: @subscriber("transcript.final"), or "*" for all')
    if "*" in names:
        return frozenset(TYPES)
    for one in sorted(names - set(TYPES)):
        near = difflib.get_close_matches(one, TYPES, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(sorted(TYPES))}"
        raise SubscriberError(f"there is no event {one!r}: {hint}")
    return frozenset(names)
