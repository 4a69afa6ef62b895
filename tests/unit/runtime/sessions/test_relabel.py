"""A copy of an event is the event in another session, later, and is nobody's job."""

from typing import Any

import msgpack

from runtime.bus.reader import Stored
from runtime.sessions.relabel import new_session, renamed
from schemas import codec, subjects
from schemas.events import AnswerReached, Event, SessionEnded

EVENT = AnswerReached(tenant="t", session="s_1", at_ms=5000, turn=1, index=2)


def stored(event: Event, **fields: int) -> Stored:
    data = msgpack.packb(msgpack.unpackb(codec.encode(event)) | fields)
    headers = {**codec.headers(event), "Nats-Sequence": "7"}
    return Stored(subjects.event(event), 7, data, headers, "2026-11-28T00:00:00Z")


def test_a_copy_is_the_event_in_another_session_and_later() -> None:
    copy = renamed(stored(EVENT, colour=3), "r_2", later_ms=100)
    assert copy is not None
    subject, data, headers = copy
    assert subject == "aura.ev.t.r_2.life"
    assert msgpack.unpackb(data) == {
        **msgpack.unpackb(codec.encode(EVENT)), "session": "r_2", "at_ms": 5100, "colour": 3
    }  # fmt: skip
    assert headers[codec.COPY_HEADER] == "s_1"
    assert headers[codec.ID_HEADER] == EVENT.id.replace("s_1", "r_2")
    assert "Nats-Sequence" not in headers


def test_the_end_of_a_session_names_the_original_and_its_other_times_move_too() -> None:
    times: dict[str, Any] = {"at_ms": 9000, "started_at_ms": 4000, "connected_at_ms": 5000}
    ended = SessionEnded(tenant="t", session="s_1", reason="caller_left", turns=1, **times)
    copy = renamed(stored(ended), "r_2", later_ms=100)
    assert copy is not None
    fields = msgpack.unpackb(copy[1])
    assert fields["replay_of"] == "s_1"
    assert {name: fields[name] - at_ms for name, at_ms in times.items()} == dict.fromkeys(
        times, 100
    )


def test_what_is_no_event_has_no_copy() -> None:
    untyped, timeless = {"session": "s_1", "at_ms": 1}, {"session": "s_1", "type": "x", "at_ms": ""}
    for data in (b"\xc1", b"\x80", msgpack.packb(untyped), msgpack.packb(timeless)):
        assert renamed(Stored("aura.ev.t.s_1.life", 7, data, {}, ""), "r_2", later_ms=0) is None


def test_new_sessions_are_replays_and_differ() -> None:
    assert subjects.is_replay(new_session())
    assert new_session() != new_session()
