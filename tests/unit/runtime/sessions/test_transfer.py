"""Sessions are taken out whole, put in once, and erased from every stream that held them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any

import pytest

from runtime.bus.reader import Stored
from runtime.sessions.file import SessionFile
from runtime.sessions.transfer import AlreadyRecordedError, export, forget, left, store
from schemas import codec, subjects

WHOSE = (("t", "s"), ("t", "s_2"))


def message(subject: str, seq: int, data: bytes = b"x", **headers: str) -> Stored:
    return Stored(subject, seq, data, headers, "then")


def event(session: str, seq: int, name: str = "one") -> Stored:
    head = {codec.ID_HEADER: f"{session}.{name}"}
    return Stored(f"aura.ev.t.{session}.life", seq, b"x", head, "then")


class Streams:
    """The streams of a server."""

    def __init__(self) -> None:
        self.held: dict[str, list[Stored]] = {
            subjects.EVENTS_STREAM: [event("s", 1), event("other", 2), event("s_2", 3)],
            subjects.AUDIO_STREAM: [
                message("aura.au.s.1", 1),
                message("aura.pcm.s.1", 2),
                message("aura.pcm.other.1", 3),
            ],
            subjects.RECORDING_STREAM: [message("aura.rec.t.s.caller", 1)],
            subjects.SEATS_STREAM: [message(f"{subjects.SEATS}.all.1", 1, b"s")],
            subjects.DEAD_STREAM: [
                message("$JS.1", 11, json.dumps({"stream_seq": 1}).encode()),
                message("$JS.2", 12, json.dumps({"stream_seq": 2}).encode()),
                message("$JS.3", 13, b"no JSON"),
                message("$JS.4", 14, b"[1]"),
            ],
        }
        self.overwritten: list[tuple[str, int]] = []
        """Messages that were erased on the disk, not only unlinked."""
        self.recent_ids: set[str] = set()

    async def session_events(self, session: str) -> list[Stored]:
        subject = subjects.session_events("*", session)
        return await self.read(subjects.EVENTS_STREAM, subject)

    async def read(self, stream: str, subject: str) -> list[Stored]:
        pattern = subject.replace(">", "*")
        return [stored for stored in self.held[stream] if fnmatchcase(stored.subject, pattern)]

    async def store(self, subject: str, data: bytes, head: dict[str, str]) -> bool:
        if head[codec.ID_HEADER] in self.recent_ids:
            return False
        self.recent_ids.add(head[codec.ID_HEADER])
        self.held[subjects.EVENTS_STREAM].append(Stored(subject, 99, data, head, "now"))
        return True

    async def api(self, verb: str, body: dict[str, Any], *, timeout_s: float) -> dict[str, Any]:
        assert timeout_s > 0
        *kind, stream = verb.split(".")
        if kind[-1] == "INFO":
            found = await self.read(stream, body["subjects_filter"])
            counts = {stored.subject: 0 for stored in found}
            for one in found:
                counts[one.subject] += 1
            return {"state": {"subjects": counts}, "total": len(counts)}
        if kind[-1] == "DELETE":
            self.overwritten.append((stream, body["seq"]))
            gone = [stored for stored in self.held[stream] if stored.seq == body["seq"]]
        else:
            gone = await self.read(stream, body.get("filter", ">"))
        self.held[stream] = [stored for stored in self.held[stream] if stored not in gone]
        return {"purged": len(gone)}


def streams() -> Any:  # it stands for a `Bus`
    return Streams()


def ids(stored: Sequence[Stored]) -> list[str]:
    return [kept.headers[codec.ID_HEADER] for kept in stored]


@pytest.mark.parametrize("audio", [True, False])
async def test_a_session_is_taken_out_with_its_events_and_sound(audio: bool) -> None:
    file = await export(streams(), "s", audio=audio)
    assert file is not None
    assert (file.tenant, file.session) == ("t", "s")
    assert ids(file.events) == ["s.one"]
    assert len(file.audio) == audio


async def test_of_an_unknown_session_there_is_nothing() -> None:
    assert await export(streams(), "nobody") is None


async def test_a_session_is_put_in_as_a_copy() -> None:
    bus = streams()
    assert await store(bus, SessionFile("t", "new", [event("new", 1), event("new", 2, "two")])) == 2
    stored = bus.held[subjects.EVENTS_STREAM][-2:]
    assert ids(stored) == ["new.one", "new.two"]
    assert [kept.headers[codec.COPY_HEADER] for kept in stored] == ["new", "new"]


async def test_a_session_that_is_there_is_not_put_in_again() -> None:
    bus = streams()
    before = list(bus.held[subjects.EVENTS_STREAM])
    with pytest.raises(AlreadyRecordedError):
        await store(bus, SessionFile("rival", "s", [event("s", 1)]))
    assert bus.held[subjects.EVENTS_STREAM] == before


async def test_a_session_that_was_erased_a_moment_ago_is_put_in_under_other_ids() -> None:
    bus = streams()
    bus.recent_ids.add("new.one")
    await store(bus, SessionFile("t", "new", [event("new", 1)]))
    (name,) = ids(bus.held[subjects.EVENTS_STREAM][-1:])
    assert name.startswith("new.one.again-")


async def test_a_forgotten_session_is_in_no_stream_and_others_stay() -> None:
    bus = streams()
    assert await left(bus, "t", "s") == 5
    await forget(bus, WHOSE)
    assert [await left(bus, *session_ref) for session_ref in WHOSE] == [0, 0]
    assert ids(bus.held[subjects.EVENTS_STREAM]) == ["other.one"]
    assert [kept.subject for kept in bus.held[subjects.AUDIO_STREAM]] == ["aura.pcm.other.1"]
    assert bus.held[subjects.SEATS_STREAM] == []


async def test_what_was_on_the_disk_is_overwritten_with_its_dead_letters() -> None:
    bus = streams()
    assert await forget(bus, WHOSE) == 6
    assert bus.overwritten == [
        (subjects.EVENTS_STREAM, 1),
        (subjects.RECORDING_STREAM, 1),
        (subjects.EVENTS_STREAM, 3),
        (subjects.DEAD_STREAM, 11),
    ]
    assert [letter.seq for letter in bus.held[subjects.DEAD_STREAM]] == [12, 13, 14]
