"""One row for each session, made from its last event, or from all events if that one is missing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from schemas import events as ev
from schemas import names
from schemas.subjects import is_token

REQUEST_PROTOCOL = "speech"
"""The client protocol in the log of a request to the speech endpoints, which is no call."""
FORSAKEN_MS = 600_000
"""The time from its last event, ms, after which nobody goes on with a session that has no end."""


@dataclass(frozen=True)
class ListedSession:
    """One session in a list of sessions."""

    session: str
    tenant: str
    user: str = ""
    protocol: str = ""
    started_at_ms: int = 0
    """Unix time, ms."""
    duration_ms: int = 0
    turns: int = 0
    errors: int = 0
    interrupted: int = 0
    slowest_ms: float | None = None
    """The longest wait for a response, ms."""
    ended: str = ""
    """The reason of its end; `forsaken`: it has none and is over; empty: it may still go on."""
    replay_of: str = ""
    agent: str = ""
    """The agent as `name@revision`; empty if the session had none."""

    @property
    def started_at(self) -> str:
        return datetime.fromtimestamp(self.started_at_ms / 1000, UTC).isoformat(
            timespec="milliseconds"
        )

    def as_json(self) -> dict[str, Any]:
        return {**vars(self), "started_at": self.started_at}


def summed_up(ended: ev.AnyEvent) -> ListedSession | None:
    """Return the row of a session from its last event, or None if that event does not sum it up."""
    if not isinstance(ended, ev.SessionEnded) or not ended.started_at_ms:
        return None
    return ListedSession(
        session=ended.session,
        tenant=ended.tenant,
        user=ended.user,
        protocol=ended.protocol,
        started_at_ms=ended.started_at_ms,
        duration_ms=ended.at_ms - ended.started_at_ms,
        turns=ended.turns,
        errors=ended.errors,
        interrupted=ended.interrupted,
        slowest_ms=ended.slowest_ms,
        ended=ended.reason,
        replay_of=ended.replay_of,
        agent=ended.agent,
    )


def folded(events: Iterable[ev.AnyEvent], now_ms: int = 0) -> ListedSession | None:
    """Return the row of a session from all its events, or None if there are none.

    *now_ms*: the time at which it may be forsaken, Unix ms; 0: it is not asked.
    """
    listed = list(events)
    if not listed:
        return None
    started = next((event for event in listed if isinstance(event, ev.SessionStarted)), None)
    spoken_turns = {
        event.turn for event in listed if isinstance(event, ev.TurnCommitted) and event.text
    }
    heard_turns = {
        event.turn for event in listed if isinstance(event, ev.AnswerHeard) and event.text
    }
    measured = [event for event in listed if isinstance(event, ev.TurnMeasured)]
    waited_ms = [event.first_sent_ms for event in measured if event.first_sent_ms is not None]
    last = listed[-1]
    return ListedSession(
        session=last.session,
        tenant=last.tenant,
        user=started.user if started else "",
        protocol=started.protocol if started else "",
        started_at_ms=listed[0].at_ms,
        duration_ms=max(event.at_ms for event in listed) - listed[0].at_ms,
        turns=len(spoken_turns & heard_turns),
        errors=sum(isinstance(event, ev.TroubleTold) for event in listed),
        interrupted=sum(
            isinstance(event, ev.ResponseCancelled) and event.reason == "interrupted"
            for event in listed
        ),
        slowest_ms=max(waited_ms, default=None),
        ended=_end(listed, now_ms),
        replay_of=started.replay_of if started else "",
        agent=str(started.agent or "") if started else "",
    )


def _end(events: Sequence[ev.AnyEvent], now_ms: int) -> str:
    life = (event for event in reversed(events) if event.KIND == ev.SessionEnded.KIND)
    if isinstance(newest := next(life, None), ev.SessionEnded):
        return newest.reason
    return "forsaken" if now_ms - events[-1].at_ms > FORSAKEN_MS else ""


@dataclass(frozen=True)
class SessionFilter:
    """A filter for the list of sessions."""

    tenant: str = ""
    user: str = ""
    """Tenant and user, each in the form of a token or in the stored form."""
    since_ms: int = 0
    """Unix time, ms."""
    errors: bool = False
    slow_ms: float | None = None
    interrupted: bool = False
    calls_only: bool = False
    """Whether requests to the speech endpoints are left out."""

    @property
    def tenants(self) -> list[str]:
        """The tenants in the form of subjects, `*` for all."""
        return sorted(filter(is_token, names.forms(self.tenant))) if self.tenant else ["*"]

    def wants(self, row: ListedSession) -> bool:
        return (
            (not self.tenant or row.tenant in names.forms(self.tenant))
            and (not self.user or row.user in names.forms(self.user))
            and row.started_at_ms >= self.since_ms
            and (not self.errors or row.errors > 0)
            and (self.slow_ms is None or (row.slowest_ms or 0.0) >= self.slow_ms)
            and (not self.interrupted or row.interrupted > 0)
            and (not self.calls_only or row.protocol != REQUEST_PROTOCOL)
        )


def replays_of(names: Iterable[str], rows: Sequence[ListedSession]) -> list[ListedSession]:
    """Return the rows of all replays of the sessions *names*, and of their replays in turn."""
    origins, replays = set(names), list[ListedSession]()
    while True:
        more = [row for row in rows if row.replay_of in origins and row not in replays]
        if not more:
            return replays
        replays += more
        origins |= {row.session for row in more}
