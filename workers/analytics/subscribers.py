"""A subscriber: its event types, its handler, its retries.

SubscriberError    a wrong declaration or name: the process refuses to start
RetryLater         raised by a handler: retry after a delay
Postpone           raised by a handler: call it again after a delay; this was no try
GiveUp             raised by a handler: do not retry this event
"""

import dataclasses
import difflib
import inspect
import typing
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from runtime.bus.connection import Bus
from runtime.bus.durable_subscription import MOST_DELIVERIES
from runtime.settings import Settings
from schemas.events import AnyEvent, Event, Kind, tag
from schemas.subjects import is_token, session_events

EVENT_TYPES: dict[str, type[Event]] = {tag(kind): kind for kind in typing.get_args(AnyEvent)}
"""All event types by tag."""

LEAST_AHEAD_EVENTS = 64
"""The fewest events fetched ahead of a handler."""
MOST_BATCH_EVENTS = 1000
"""The largest batch; the unacknowledged events of a group are limited too."""

Handler = Callable[[Any], Awaitable[None]]
"""A handler: takes an event, or a list of events if the subscriber takes batches."""


class SubscriberError(ValueError):
    """The declaration or name of a subscriber is invalid; the message says why."""


class RetryLater(Exception):  # noqa: N818  # a message to the runner, no error
    """Raised by a handler to be called again after *delay_s*."""

    def __init__(self, delay_s: float, reason: str = "", *, answered: bool = True) -> None:
        """Take the reason, for the log; *answered*: the other side gave an answer."""
        super().__init__(reason or f"again in {delay_s:g} s")
        self.delay_s = delay_s
        self.answered = answered


class Postpone(Exception):  # noqa: N818  # the same
    """Raised by a handler of single events that must wait *delay_s* before it tries."""

    def __init__(self, delay_s: float) -> None:
        super().__init__(f"not yet for {delay_s:g} s")
        self.delay_s = delay_s


class GiveUp(Exception):  # noqa: N818  # the same
    """Raised by a handler to give an event up. The reason must hold no words of a call."""


@dataclass(frozen=True)
class Context:
    """The settings and tools that a subscriber gets."""

    bus: Bus
    settings: Settings
    group: str


Opens = Callable[[Context], AbstractAsyncContextManager[Handler]]
"""An async context manager around all events; it yields the handler."""


@dataclass(frozen=True)
class Subscriber:
    """A handler, and the types of its events."""

    name: str
    """The name. With the group it names the durable consumer, so do not change it."""
    types: frozenset[str]
    opens: Opens
    tenant: str = "*"
    at_once: int = 1
    """The most concurrent handler calls in one process; 1 keeps the order of the log."""
    batch: int = 0
    """The largest batch for the handler; 0 if it takes single events."""
    batch_wait_s: float = 5.0
    """The longest wait for a batch to fill."""
    tries: int = 5
    """The failed calls after which the event is given up."""
    backoff_s: float = 0.5
    """The delay of the second attempt; it doubles for each further attempt."""
    longest_backoff_s: float = 60.0
    limit_s: float = 60.0
    """Time limit of a call."""
    calls_only: bool = False
    """Whether replays and imported sessions are left out."""
    user: Literal["analytics", "shadow"] = "analytics"
    """The user on the bus of `aura up`; only a shadow may hear callers. See nats/users.conf."""
    ack_wait_s: float = 30.0
    """The time after which another process gets the events of a process that died."""

    def __post_init__(self) -> None:
        if not is_token(self.name):
            raise SubscriberError(f"a subscriber's name is A-Z a-z 0-9 _ -, not {self.name!r}")
        if not 1 <= self.tries < MOST_DELIVERIES:
            raise SubscriberError(f"tries is 1 to {MOST_DELIVERIES - 1}, not {self.tries}")
        if not (0 <= self.batch <= MOST_BATCH_EVENTS and self.at_once > 0):
            raise SubscriberError(f"batch is 0 to {MOST_BATCH_EVENTS}, at_once 1 or more")
        if self.tenant != "*" and not is_token(self.tenant):
            raise SubscriberError(f"a tenant is A-Z a-z 0-9 _ -, not {self.tenant!r}")

    @property
    def ahead(self) -> int:
        """The number of events that are fetched ahead of the handler."""
        return max(LEAST_AHEAD_EVENTS, self.at_once, 2 * self.batch)

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of subject that carry its events."""
        return _kinds(self.types)


def subscriber(
    *types: str | type[Event], name: str = "", **options: Any
) -> Callable[[Handler], Subscriber]:
    """Make an async function a subscriber to events of *types*; `"*"` stands for all types.

    *name* defaults to the function's name; the *options* are fields of `Subscriber`.

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
    """Make a subscriber of an `Opens`, an async context manager that yields its handler.

    Raises:
        SubscriberError: no such event or option.
    """
    _check_options(options)
    return partial(Subscriber, name, _known(types), **options)


def filters_of(*types: str) -> list[str]:
    """Return the subjects of events of *types*.

    Raises:
        SubscriberError: no such event.
    """
    return [session_events("*", "*", kind) for kind in _kinds(_known(types))]


def _kinds(types: frozenset[str]) -> tuple[Kind, ...]:
    return tuple(sorted({EVENT_TYPES[event_type].KIND for event_type in types}))


def _check_options(options: dict[str, Any]) -> None:
    known = {field.name for field in dataclasses.fields(Subscriber)} - {"name", "types", "opens"}
    if wrong := sorted(set(options) - known):
        raise SubscriberError(f"there is no option {wrong[0]!r}: {', '.join(sorted(known))}")


def _known(types: tuple[str | type[Event], ...]) -> frozenset[str]:
    names = {event_type if isinstance(event_type, str) else tag(event_type) for event_type in types}
    if not names:
        raise SubscriberError('name the events: @subscriber("transcript.final"), or "*" for all')
    if "*" in names:
        return frozenset(EVENT_TYPES)
    for name in sorted(names - set(EVENT_TYPES)):
        near = difflib.get_close_matches(name, EVENT_TYPES, 1)
        hint = (
            f"did you mean {near[0]!r}?" if near else f"there are {', '.join(sorted(EVENT_TYPES))}"
        )
        raise SubscriberError(f"there is no event {name!r}: {hint}")
    return frozenset(names)
