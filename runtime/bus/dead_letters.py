"""Dead letters: lists, retries and removes the server's records of jobs that were given up.

The records are the server's own advisories (stream AURA_DEAD). They name an event by its sequence
in AURA_EVENTS and hold no words of a call.

DeadLetterError      the job cannot be tried again; the message says why
"""

import msgspec

from runtime.bus.connection import Bus
from runtime.bus.errors import BusError
from runtime.bus.reader import Stored
from schemas import codec, subjects
from schemas.events import tag
from schemas.stages import CONSUMERS

ADVISORIES = "$JS.EVENT.ADVISORY.CONSUMER.>"
STAGE_CONSUMERS = {consumer.lower() for consumer in CONSUMERS.values()}
OWN_HEADERS = (codec.TYPE_HEADER, codec.SCHEMA_HEADER, codec.TRACE_HEADER, codec.COPY_HEADER)
"""Headers that the publisher set, beside the id; others are the server's."""
RETRY_WINDOW_MS = 60_000
"""The time after a job's deadline in which it may still be retried."""


class DeadLetterError(BusError):
    """The job of this record cannot be retried; the message says why."""


class DeadLetter(msgspec.Struct, frozen=True):
    """A job that was given up, with its event if the log still holds it."""

    seq: int
    """Sequence of the record in AURA_DEAD; operators name it by this number."""
    time: str
    """RFC 3339, the server's clock."""
    stage: str
    event_seq: int
    """Sequence of the job's event in AURA_EVENTS."""
    attempts: int
    reason: str
    tenant: str = ""
    session: str = ""
    event_id: str = ""
    event_type: str = ""
    deadline_ms: int = 0
    """Unix time, ms, after which nobody waits for the result; 0 if unknown."""
    in_log: bool = False
    """Whether the log still holds the event."""


async def dead_letters(bus: Bus) -> list[DeadLetter]:
    """Return the records, oldest first.

    Raises:
        BusAwayError: no answer.
    """
    records = await bus.read(subjects.DEAD_STREAM, ADVISORIES)
    return [await _letter(bus, record) for record in records]


async def dead_letter(bus: Bus, seq: int) -> DeadLetter:
    """Return record *seq*.

    Raises:
        DeadLetterError: there is none.
        BusAwayError: no answer.
    """
    record = await bus.get(subjects.DEAD_STREAM, {"seq": seq})
    if record is None:
        raise DeadLetterError(f"there is no record {seq}: `aura dead` lists the records")
    return await _letter(bus, record)


async def again(bus: Bus, letter: DeadLetter, *, now_ms: int, force: bool = False) -> int:
    """Publish the job of *letter* again, remove the record, return the new event's sequence.

    The new message gets another id, since the server would drop a duplicate. The id is derived from
    the record: a second call publishes nothing while the server remembers ids, five minutes by
    nats/streams/AURA_EVENTS.json. Later it publishes the job again; a job is safe to do twice.

    Raises:
        DeadLetterError: the event is gone or malformed, nobody waits for its result any more, or it
            was no job but the event of a group of subscribers.
        BusAwayError: no answer; try again.
    """
    event = await bus.get(subjects.EVENTS_STREAM, {"seq": letter.event_seq})
    if event is None:
        raise DeadLetterError(
            f"record {letter.seq}: its event {letter.event_seq} is no longer in the log; "
            f"`aura dead forget {letter.seq}` removes the record"
        )
    if letter.stage not in STAGE_CONSUMERS:
        raise DeadLetterError(
            f"record {letter.seq}: the subscribers {letter.stage} gave the event up; all others "
            "would get it again. Run them under another --group with --from"
        )
    if not letter.event_type:
        raise DeadLetterError(f"record {letter.seq}: event {letter.event_seq} was never readable")
    late_ms = now_ms - letter.deadline_ms if letter.deadline_ms else 0
    if late_ms > RETRY_WINDOW_MS and not force:
        raise DeadLetterError(
            f"record {letter.seq}: its caller stopped waiting {late_ms // 1000} s ago; "
            "--force retries it anyway, to complete the log"
        )
    headers = {name: value for name, value in event.headers.items() if name in OWN_HEADERS}
    headers[codec.ID_HEADER] = f"{letter.event_id}.again.{letter.seq}"
    headers[codec.AGAIN_HEADER] = str(letter.event_seq)
    seq = await bus.publish_raw(event.subject, event.data, headers)
    await forget(bus, letter.seq)
    return seq


async def forget(bus: Bus, seq: int) -> None:
    """Remove record *seq* if it is there.

    Raises:
        BusAwayError: no answer.
    """
    await bus.api(f"STREAM.MSG.DELETE.{subjects.DEAD_STREAM}", {"seq": seq, "no_erase": True})


async def _letter(bus: Bus, record: Stored) -> DeadLetter:
    advisory = msgspec.json.decode(record.data)
    event_seq = int(advisory.get("stream_seq", 0))
    attempts = int(advisory.get("deliveries", 0))
    letter = DeadLetter(
        seq=record.seq,
        time=record.time,
        stage=str(advisory.get("consumer", "?")).lower(),
        event_seq=event_seq,
        attempts=attempts,
        reason=str(advisory.get("reason") or f"given to {attempts} workers, answered by none"),
    )
    stored = await bus.get(subjects.EVENTS_STREAM, {"seq": event_seq})
    if stored is None:
        return letter
    if (event := stored.readable()) is None:
        return msgspec.structs.replace(letter, in_log=True)
    return msgspec.structs.replace(
        letter,
        tenant=event.tenant,
        session=event.session,
        event_id=event.id,
        event_type=tag(event),
        deadline_ms=getattr(event, "deadline_ms", 0),
        in_log=True,
    )
