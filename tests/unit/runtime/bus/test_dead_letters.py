"""Jobs that were given up: what a record says of them, and which may be tried again."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from runtime.bus.dead_letters import (
    RETRY_WINDOW_MS,
    DeadLetter,
    DeadLetterError,
    again,
    dead_letter,
    dead_letters,
    forget,
)
from runtime.bus.reader import Stored
from schemas import codec, subjects
from schemas import events as ev

NOW_MS = 1_700_000_000_000
SENTENCE = ev.ResponseSentence(
    tenant="t",
    session="s",
    at_ms=NOW_MS - 60_000,
    turn=1,
    index=2,
    text="Hello.",
    first_token_ms=1.0,
    took_ms=1.0,
    model="m",
    deadline_ms=NOW_MS - 1000,
)
TRACED = {
    **codec.headers(SENTENCE),
    codec.TRACE_HEADER: "00-1",
    "Nats-Sequence": "40",
    "Nats-Expected-Last-Subject-Sequence": "39",
}


class DeadStreams:
    """The log and the records of a server."""

    def __init__(self, *records: tuple[int, dict[str, Any]]) -> None:
        self.log = {
            40: Stored(subjects.event(SENTENCE), 40, codec.encode(SENTENCE), TRACED, "then"),
            41: Stored("aura.ev.t.s.say", 41, b"\xc1", {}, "then"),
        }
        self.records = {seq: _record(seq, advisory) for seq, advisory in records}
        self.published: list[tuple[str, bytes, dict[str, str]]] = []

    async def read(self, stream: str, subject: str) -> list[Stored]:
        assert (stream, subject.partition(".")[0]) == (subjects.DEAD_STREAM, "$JS")
        return list(self.records.values())

    async def get(self, stream: str, request: dict[str, int]) -> Stored | None:
        found = self.records if stream == subjects.DEAD_STREAM else self.log
        return found.get(request["seq"])

    async def publish_raw(self, subject: str, data: bytes, head: dict[str, str]) -> int:
        self.published.append((subject, data, head))
        return 99

    async def api(self, verb: str, body: dict[str, Any]) -> dict[str, Any]:
        assert verb == f"STREAM.MSG.DELETE.{subjects.DEAD_STREAM}"
        self.records.pop(body["seq"], None)
        return {}


def _record(seq: int, advisory: dict[str, Any]) -> Stored:
    return Stored("$JS.EVENT.ADVISORY", seq, json.dumps(advisory).encode(), {}, "later")


def streams(**advisory: Any) -> Any:  # it stands for a `Bus`
    known = {"stream_seq": 40, "consumer": "TTS", "deliveries": 5}
    return DeadStreams((7, {**known, **advisory}))


async def letter(bus: Any, **changes: Any) -> DeadLetter:
    return msgspec.structs.replace(await dead_letter(bus, 7), **changes)


async def test_a_record_is_told_with_its_job() -> None:
    (found,) = await dead_letters(streams())
    assert found == DeadLetter(
        seq=7,
        time="later",
        stage="tts",
        event_seq=40,
        attempts=5,
        reason="given to 5 workers, answered by none",
        tenant="t",
        session="s",
        event_id=SENTENCE.id,
        event_type="response.sentence",
        deadline_ms=SENTENCE.deadline_ms,
        in_log=True,
    )


async def test_a_worker_that_refused_a_job_has_said_why() -> None:
    assert (await letter(streams(reason="no voice"))).reason == "no voice"


@pytest.mark.parametrize(("event_seq", "in_log"), [(41, True), (42, False), (0, False)])
async def test_a_record_whose_event_cannot_be_read_has_only_its_own_words(
    event_seq: int, in_log: bool
) -> None:
    found = await letter(streams(stream_seq=event_seq))
    assert (found.in_log, found.event_type, found.tenant) == (in_log, "", "")
    assert found.stage == "tts"


async def test_a_record_that_is_not_there_is_told() -> None:
    with pytest.raises(DeadLetterError, match="no record 8"):
        await dead_letter(streams(), 8)


async def test_a_job_is_published_again_under_another_id_and_its_record_goes() -> None:
    bus = streams()
    assert await again(bus, await letter(bus), now_ms=NOW_MS) == 99
    ((subject, data, head),) = bus.published
    assert (subject, data) == (subjects.event(SENTENCE), codec.encode(SENTENCE))
    assert head == {
        codec.ID_HEADER: f"{SENTENCE.id}.again.7",
        codec.TYPE_HEADER: "response.sentence",
        codec.SCHEMA_HEADER: codec.headers(SENTENCE)[codec.SCHEMA_HEADER],
        codec.TRACE_HEADER: "00-1",
        codec.AGAIN_HEADER: "40",
    }
    assert bus.records == {}


@pytest.mark.parametrize(
    ("deadline_ms", "force", "retried"),
    [
        (NOW_MS + 5000, False, True),
        (NOW_MS - RETRY_WINDOW_MS, False, True),
        (NOW_MS - RETRY_WINDOW_MS - 1, False, False),
        (NOW_MS - RETRY_WINDOW_MS - 1, True, True),
        (0, False, True),  # nobody knows when
    ],
)
async def test_a_job_that_nobody_waits_for_is_only_retried_by_force(
    deadline_ms: int, force: bool, retried: bool
) -> None:
    bus = streams()
    late = await letter(bus, deadline_ms=deadline_ms)
    if retried:
        await again(bus, late, now_ms=NOW_MS, force=force)
    else:
        with pytest.raises(DeadLetterError, match="stopped waiting 60 s ago"):
            await again(bus, late, now_ms=NOW_MS, force=force)
    assert len(bus.published) == retried
    assert (7 in bus.records) is not retried


@pytest.mark.parametrize(
    ("event_seq", "why"), [(41, "never readable"), (42, "no longer in the log")]
)
async def test_a_job_without_its_event_cannot_be_tried_again(event_seq: int, why: str) -> None:
    bus = streams(stream_seq=event_seq)
    with pytest.raises(DeadLetterError, match=why):
        await again(bus, await letter(bus), now_ms=NOW_MS, force=True)
    assert (bus.published, list(bus.records)) == ([], [7])


async def test_a_record_is_forgotten_once_or_twice() -> None:
    bus = streams()
    await forget(bus, 7)
    await forget(bus, 7)
    assert bus.records == {}
