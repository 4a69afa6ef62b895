"""Exports, imports and erases sessions, and counts what the server still holds of them."""

import json
import secrets
from collections.abc import Iterable, Sequence

from runtime.bus.connection import Bus
from runtime.sessions import log
from runtime.sessions.file import SessionFile
from runtime.sessions.relabel import headers
from schemas import codec, subjects


class AlreadyRecordedError(ValueError):
    """A session with this id is already recorded here."""


async def export(bus: Bus, session: str, *, audio: bool = True) -> SessionFile | None:
    """Return all that was recorded of *session*, or None if there is nothing.

    Raises:
        BusAwayError: the server does not answer.
    """
    events = await bus.session_events(session)
    if not events:
        return None
    tenant = events[0].subject.split(".")[2]
    sound = []
    if audio:
        sound = await bus.read(subjects.RECORDING_STREAM, subjects.recording(tenant, session))
    return SessionFile(tenant, session, events, sound)


async def store(bus: Bus, session_file: SessionFile) -> int:
    """Store an exported session under its own id and return the number of its messages.

    Raises:
        AlreadyRecordedError: a session with this id is recorded here.
        BusRefusedError: a message is larger than this server takes; those before it are stored.
        BusAwayError: the server does not answer; part of the session may be stored.
    """
    own = subjects.session_events("*", session_file.session)
    if await log.count(bus, subjects.EVENTS_STREAM, own):
        raise AlreadyRecordedError(session_file.session)
    for stored in [*session_file.events, *session_file.audio]:
        kept = headers(stored, session_file.session)
        if not await bus.store(stored.subject, stored.data, kept):
            # the server remembers the ids of a session that was erased a moment ago
            kept[codec.ID_HEADER] = f"{kept.get(codec.ID_HEADER, '')}.again-{secrets.token_hex(10)}"
            await bus.store(stored.subject, stored.data, kept)
    return len(session_file.events) + len(session_file.audio)


# ---------------------------------------------------------------- forgetting


def traces(tenant: str, session: str) -> Iterable[tuple[str, str]]:
    """Yield every stream and subject that may hold messages of a session."""
    yield subjects.EVENTS_STREAM, subjects.session_events(tenant, session)
    yield subjects.AUDIO_STREAM, subjects.utterance(session)
    yield subjects.AUDIO_STREAM, subjects.speech(session)
    yield subjects.RECORDING_STREAM, subjects.recording(tenant, session)


async def forget(bus: Bus, session_refs: Sequence[tuple[str, str]]) -> int:
    """Erase all messages of the sessions *session_refs* (tenant, id) and return their number.

    Messages on the server's disk are overwritten, not only unlinked. The bucket of session keys
    names users and sessions too, so it is erased as a whole; the edges write their keys again
    within ten seconds.

    Raises:
        BusAwayError: the server does not answer; erasing again is safe.
    """
    erased = 0
    events: set[int] = set()
    for tenant, session in session_refs:
        for stream, subject in traces(tenant, session):
            if stream != subjects.AUDIO_STREAM:  # that stream is in memory
                numbers = [message.seq for message in await bus.read(stream, subject)]
                await log.erase(bus, stream, numbers)
                erased += len(numbers)
                events.update(numbers if stream == subjects.EVENTS_STREAM else ())
            answer = await log.ask(bus, f"STREAM.PURGE.{stream}", {"filter": subject})
            erased += int(answer.get("purged", 0))
    await log.ask(bus, f"STREAM.PURGE.{subjects.SEATS_STREAM}", {})
    return erased + await _forget_dead(bus, events)


async def left(bus: Bus, tenant: str, session: str) -> int:
    """Return the number of a session's messages that the server still holds.

    Raises:
        BusAwayError: the server does not answer.
    """
    held = [await log.count(bus, stream, subject) for stream, subject in traces(tenant, session)]
    seats = await bus.read(subjects.SEATS_STREAM, f"{subjects.SEATS}.>")
    seated = sum(seat.data == session.encode() for seat in seats)
    return seated + sum(sum(counts.values()) for counts in held)


async def _forget_dead(bus: Bus, numbers: set[int]) -> int:
    """Erase the dead letters about the events with these sequences."""
    dead = []
    for letter in await bus.read(subjects.DEAD_STREAM, ">"):
        try:
            about = json.loads(letter.data).get("stream_seq")
        except (ValueError, AttributeError):
            continue
        if about in numbers:
            dead.append(letter.seq)
    await log.erase(bus, subjects.DEAD_STREAM, dead)
    return len(dead)
