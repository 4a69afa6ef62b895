"""Sessions into files and out of them; sessions forgotten, and the proof that they are."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Sequence

from runtime.bus.connection import Bus
from runtime.sessions import log
from runtime.sessions.file import SessionFile
from runtime.sessions.relabel import headers
from schemas import codec, subjects


class ThereAlreadyError(ValueError):
    """A session of this id is recorded here."""


async def taken_out(bus: Bus, session: str, *, audio: bool = True) -> SessionFile | None:
    """Return all that is recorded of *session*, None where there is nothing.

    Raises:
        BusAwayError: no answer.
    """
    events = await bus.session_events(session)
    if not events:
        return None
    tenant = events[0].subject.split(".")[2]
    sound = []
    if audio:
        sound = await bus.read(subjects.RECORDING_STREAM, subjects.recording(tenant, session))
    return SessionFile(tenant, session, events, sound)


async def put_in(bus: Bus, one: SessionFile) -> int:
    """Store the session of a file under its own id and return how many messages that were.

    Raises:
        ThereAlreadyError: it is here.
        BusAwayError: no answer; what was stored until then can be forgotten.
    """
    here = await log.count(bus, subjects.EVENTS_STREAM, subjects.session_events("*", one.session))
    if here:
        raise ThereAlreadyError(one.session)
    for stored in [*one.events, *one.audio]:
        head = headers(stored, one.session)
        if not await bus.store(stored.subject, stored.data, head):
            # its id was seen in the last minutes: it was here, and was forgotten
            head[codec.ID_HEADER] = f"{head.get(codec.ID_HEADER, '')}.again-{secrets.token_hex(10)}"
            await bus.store(stored.subject, stored.data, head)
    return len(one.events) + len(one.audio)


# ---------------------------------------------------------------- forgetting


def traces(tenant: str, session: str) -> Iterable[tuple[str, str]]:
    """Yield stream and subject of everything that may be stored of a session."""
    yield subjects.EVENTS_STREAM, subjects.session_events(tenant, session)
    yield subjects.AUDIO_STREAM, subjects.utterance(session)
    yield subjects.AUDIO_STREAM, subjects.speech(session)
    yield subjects.RECORDING_STREAM, subjects.recording(tenant, session)


async def forget(bus: Bus, whose: Sequence[tuple[str, str]]) -> int:
    """Erase every trace of the sessions *whose* (tenant, id); return how many messages that were.

    Each is overwritten on the server's disk, not only unlinked.

    Raises:
        BusAwayError: no answer; try again.
    """
    erased = 0
    events: set[int] = set()
    for tenant, session in whose:
        for stream, subject in traces(tenant, session):
            if stream != subjects.AUDIO_STREAM:  # in memory: there is nothing to overwrite
                numbers = [one.seq for one in await bus.read(stream, subject)]
                await log.erase(bus, stream, numbers)
                erased += len(numbers)
                events.update(numbers if stream == subjects.EVENTS_STREAM else ())
            answer = await log.ask(bus, f"STREAM.PURGE.{stream}", {"filter": subject})
            erased += int(answer.get("purged", 0))
    return erased + await _forget_dead(bus, events)


async def left(bus: Bus, tenant: str, session: str) -> int:
    """Ask the server how many messages of a session it still holds.

    Raises:
        BusAwayError: no answer.
    """
    held = [await log.count(bus, stream, subject) for stream, subject in traces(tenant, session)]
    return sum(sum(one.values()) for one in held)


async def _forget_dead(bus: Bus, numbers: set[int]) -> int:
    """Erase the dead letters about the events with these sequences."""
    dead = []
    for one in await bus.read(subjects.DEAD_STREAM, ">"):
        try:
            about = json.loads(one.data).get("stream_seq")
        except (ValueError, AttributeError):
            continue
        if about in numbers:
            dead.append(one.seq)
    await log.erase(bus, subjects.DEAD_STREAM, dead)
    return len(dead)
