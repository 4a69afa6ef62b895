"""Reads the log of the last hour, or since the console last listened."""

from dataclasses import dataclass
from datetime import UTC, datetime

from aura.cli.console.last_hour import HOUR_MS
from runtime.bus.connection import Bus
from runtime.bus.errors import BusAwayError
from runtime.bus.reader import Stored
from runtime.sessions.finding import decoded
from schemas import codec, subjects
from schemas.events import AnyEvent, Kind

MOST_READ_EVENTS = 100_000
"""The most events that are read; of more, only the newest are used."""
KINDS: tuple[Kind, ...] = ("life", "out")
"""The kinds of events for the hour's numbers and the last words."""
ALL = subjects.session_events("*", "*")


@dataclass(frozen=True)
class Read:
    """The result of reading."""

    events: list[tuple[int, bool, AnyEvent]]
    """(sequence, whether it is a copy from another session, event), in the order of the log."""
    since_ms: int
    """Unix time, ms, from which on the events are complete; 0: unchanged."""


async def before_now(bus: Bus, read_to: int, now_ms: int) -> Read:
    """Return the events of KINDS after *read_to*, or (0) of the hour before *now_ms*.

    Raises:
        BusAwayError: the server does not answer, or there is no log.
    """
    after, since_ms = await _begin(bus, read_to, now_ms)
    stored: list[Stored] = []
    for kind in KINDS:
        subject = subjects.session_events("*", "*", kind)
        stored += await bus.read(subjects.EVENTS_STREAM, subject, after=after)
    stored.sort(key=lambda message: message.seq)
    events = [
        (message.seq, codec.COPY_HEADER in message.headers, event)
        for message in stored
        for event in decoded([message])
    ]
    return Read(events, since_ms)


async def _begin(bus: Bus, read_to: int, now_ms: int) -> tuple[int, int]:
    """Return the sequence after which to read, and the time (Unix ms) from which all is then read.

    Raises:
        BusAwayError: the server does not answer, or there is no log.
    """
    info = await bus.api(f"STREAM.INFO.{subjects.EVENTS_STREAM}")
    if "error" in info:
        raise BusAwayError("The bus has no events stream: `aura provision` sets it up.")
    newest = int(info["state"]["last_seq"])
    most = max(0, newest - MOST_READ_EVENTS)
    if 0 < read_to <= newest:  # otherwise the log was replaced
        return max(read_to, most), 0
    hour_ms = now_ms - HOUR_MS
    begin = datetime.fromtimestamp(hour_ms / 1000, UTC).isoformat().replace("+00:00", "Z")
    first = await bus.get(subjects.EVENTS_STREAM, {"start_time": begin, "next_by_subj": ALL})
    if first is None:
        return newest, hour_ms
    if first.seq > most:
        return first.seq - 1, hour_ms
    oldest = await bus.get(subjects.EVENTS_STREAM, {"seq": most + 1, "next_by_subj": ALL})
    since = oldest.time if oldest else first.time
    return most, round(datetime.fromisoformat(since).timestamp() * 1000)
