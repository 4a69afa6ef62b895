"""An event is stored once or not at all, whatever becomes of its ack, and a fence has no gap."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import msgspec
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import NoRespondersError
from nats.errors import TimeoutError as NatsTimeoutError

from runtime.bus.errors import BusAwayError, BusRefusedError, FencedError
from runtime.bus.publisher import (
    ACK_TIMEOUT_S,
    EXCEEDS_STREAM,
    HEADER_BYTES,
    PUBLISH_TIMEOUT_S,
    WRONG_LAST_SEQUENCE,
    Publisher,
)
from runtime.bus.reader import Reader, Stored
from schemas import codec, subjects
from schemas.events import ResponseSentence

MOST_BYTES = 20_000
DEAF, LOST, NOBODY = "no answer", "stored, and the ack is lost", "no stream listens"


class LogServer(Client):
    """A client of NATS whose server is this object: it has one stream, and is read directly."""

    def __init__(self) -> None:
        super().__init__()
        self.up = True
        self.messages: list[Stored] = []
        self.next: list[str | dict[str, Any]] = []
        """What becomes of the next requests, if not the usual: a fate, or an error."""
        self.always = ""
        """The fate of all others."""
        self.timeouts_s: list[float] = []
        """Those of the requests."""
        self.asked: list[tuple[str, Any]] = []

    @property
    def is_connected(self) -> bool:
        return self.up

    @property
    def max_payload(self) -> int:
        return MOST_BYTES

    async def request(
        self,
        subject: str,
        payload: bytes = b"",
        timeout: float = 0.5,  # noqa: ASYNC109  # as in nats-py
        old_style: bool = False,
        headers: dict[str, Any] | None = None,
    ) -> Msg:
        del old_style
        self.timeouts_s.append(timeout)
        fate = self.next.pop(0) if self.next else self.always
        if fate == NOBODY:
            raise NoRespondersError
        if isinstance(fate, dict):
            return Msg(self, data=msgspec.json.encode({"error": fate}))
        answer = None if fate == DEAF else self._store(subject, payload, headers or {})
        if fate:
            await asyncio.sleep(timeout)
            raise NatsTimeoutError
        return Msg(self, data=msgspec.json.encode(answer))

    def _store(self, subject: str, data: bytes, headers: dict[str, str]) -> dict[str, Any]:
        for known in self.messages:
            if headers.get(codec.ID_HEADER, "none") == known.headers.get(codec.ID_HEADER):
                return {"stream": "s", "seq": known.seq, "duplicate": True}
        newest = max((one.seq for one in self.messages if one.subject == subject), default=0)
        if int(headers.get(codec.FENCE_HEADER, newest)) != newest:
            wrong = f"wrong last sequence: {newest}"
            return {"error": error(WRONG_LAST_SEQUENCE, wrong)}
        self.messages.append(Stored(subject, len(self.messages) + 1, data, headers, ""))
        return {"stream": "s", "seq": len(self.messages)}

    async def last(self, subject: str, *, at_least: int) -> Stored | None:
        found = [one for one in self.messages if one.subject == subject]
        assert not found or found[-1].seq >= at_least
        return found[-1] if found else None

    async def read(self, stream: str, subject: str, *, after: int) -> list[Stored]:
        assert stream == subjects.EVENTS_STREAM
        return [one for one in self.messages if one.subject == subject and one.seq > after]

    async def api(self, verb: str, body: dict[str, Any]) -> dict[str, Any]:
        self.asked.append((verb, body))
        return {}


def error(code: int, description: str = "") -> dict[str, Any]:
    return {"code": 400, "err_code": code, "description": description}


def sentence(index: int, text: str = "Hi.") -> ResponseSentence:
    return ResponseSentence(
        tenant="t",
        session="s",
        at_ms=1,
        turn=1,
        index=index,
        text=text,
        first_token_ms=1.0,
        took_ms=1.0,
        model="m",
        deadline_ms=0,
    )


@pytest.fixture
def server() -> LogServer:
    return LogServer()


@pytest.fixture
def publisher(server: LogServer) -> Publisher:
    return Publisher(server, cast("Reader", server))  # it reads what it has stored


def now_s() -> float:
    return asyncio.get_running_loop().time()


# ------------------------------------------------------------------ without a fence


@pytest.mark.parametrize("fates", [[], [LOST], [DEAF, LOST, NOBODY, DEAF]])
async def test_an_event_is_stored_once_however_often_it_is_published(
    server: LogServer, publisher: Publisher, fates: list[str]
) -> None:
    server.next = [*fates]
    assert await publisher.publish(sentence(0)) == 1
    assert await publisher.publish(sentence(0)) == 1
    assert [one.event() for one in server.messages] == [sentence(0)]
    assert server.messages[0].headers == codec.headers(sentence(0))
    assert len(server.timeouts_s) == len(fates) + 2


async def test_a_publisher_gives_up_after_its_timeout_and_no_later(
    server: LogServer, publisher: Publisher
) -> None:
    server.always = DEAF
    with pytest.raises(BusAwayError, match="was not acknowledged"):
        await publisher.publish(sentence(0), timeout_s=5)
    assert 4.9 <= now_s() <= 5.1
    assert server.timeouts_s == pytest.approx([ACK_TIMEOUT_S, ACK_TIMEOUT_S, 0.8])


async def test_without_a_connection_the_client_is_given_nothing_to_send_later(
    server: LogServer, publisher: Publisher
) -> None:
    server.up = False
    publishing = asyncio.create_task(publisher.publish(sentence(0)))
    await asyncio.sleep(PUBLISH_TIMEOUT_S - 1)
    assert server.timeouts_s == []
    server.up = True
    assert await publishing == 1


async def test_what_is_too_large_is_refused_at_once_and_any_other_error_means_an_outage(
    server: LogServer, publisher: Publisher
) -> None:
    most = MOST_BYTES - HEADER_BYTES
    with pytest.raises(BusRefusedError):
        await publisher.publish(sentence(0), bytes(most + 1))
    assert server.timeouts_s == [], "a server cuts off who sends that much"
    assert await publisher.publish(sentence(0), bytes(most)) == 1
    server.next = [error(EXCEEDS_STREAM), error(10_077)]
    with pytest.raises(BusRefusedError):
        await publisher.publish(sentence(1))
    with pytest.raises(BusAwayError):
        await publisher.publish(sentence(1))
    assert len(server.timeouts_s) == 3, "neither is tried again"


async def test_a_copy_is_stored_in_one_attempt_and_tells_whether_it_is_new(
    server: LogServer, publisher: Publisher
) -> None:
    head = codec.headers(sentence(0))
    assert await publisher.store("copies", b"x", head)
    assert not await publisher.store("copies", b"x", head)
    server.always = LOST
    with pytest.raises(BusAwayError):
        await publisher.store("copies", b"y", {}, timeout_s=3)
    assert (server.timeouts_s[2:], now_s()) == ([3], 3)


# ------------------------------------------------------------------ behind a fence


async def test_only_the_one_who_knows_the_newest_event_stores_the_next(
    server: LogServer, publisher: Publisher
) -> None:
    first = await publisher.publish_fenced(sentence(0), 0)
    with pytest.raises(FencedError) as fenced:
        await publisher.publish_fenced(sentence(1), 0)
    assert fenced.value.newest == first
    second = await publisher.publish_fenced(sentence(1), first)
    assert [one.seq for one in server.messages] == [first, second]


@pytest.mark.parametrize("fates", [[LOST], [DEAF, LOST, NOBODY]])
@pytest.mark.parametrize("followed", [False, True])
async def test_our_event_whose_ack_was_lost_is_ours_even_if_another_followed(
    server: LogServer, publisher: Publisher, fates: list[str], *, followed: bool
) -> None:
    server.next = [*fates]
    publishing = asyncio.create_task(publisher.publish_fenced(sentence(0), 0))
    async with asyncio.timeout(PUBLISH_TIMEOUT_S):
        while not server.messages:
            await asyncio.sleep(0.1)
    if followed:
        await Publisher(server, cast("Reader", server)).publish_fenced(sentence(1), 1)
    assert await publishing == 1
    assert len(server.messages) == 1 + followed


async def test_other_words_of_the_same_id_are_not_taken_for_ours(
    server: LogServer, publisher: Publisher
) -> None:
    await publisher.publish_fenced(sentence(0, "By who took over."), 0)
    for last in (0, 1):
        with pytest.raises(FencedError):
            await publisher.publish_fenced(sentence(0, "By who slept."), last)
    assert len(server.messages) == 1


async def test_an_event_behind_a_fence_is_given_up_in_time_and_refused_for_its_size(
    server: LogServer, publisher: Publisher
) -> None:
    server.next = [error(EXCEEDS_STREAM)]
    with pytest.raises(BusRefusedError):
        await publisher.publish_fenced(sentence(0), 0)
    server.always = DEAF
    with pytest.raises(BusAwayError) as away:
        await publisher.publish_fenced(sentence(0), 0)
    assert isinstance(away.value.__cause__, NatsTimeoutError)
    assert now_s() == pytest.approx(PUBLISH_TIMEOUT_S, abs=0.1)


# ------------------------------------------------------------------ keys


async def test_a_key_is_written_at_the_sequence_that_is_known_and_in_one_attempt(
    server: LogServer, publisher: Publisher
) -> None:
    first = await publisher.put("key", "s1", 0, ttl_s=30)
    with pytest.raises(FencedError):
        await publisher.put("key", "s2", 0)
    await publisher.put("key", "s1", first, removed=True)
    lives, removed = (one.headers for one in server.messages)
    assert (lives["Nats-TTL"], "KV-Operation" in lives) == ("30s", False)
    assert (removed["KV-Operation"], "Nats-TTL" in removed) == ("DEL", False)
    server.always = LOST
    with pytest.raises(BusAwayError):
        await publisher.put("key", "s1", 2)
    assert len(server.messages) == 3, "it may have been stored: the caller finds out"


async def test_a_key_is_removed_unless_it_is_newer(server: LogServer, publisher: Publisher) -> None:
    await publisher.purge_key("key", 7)
    ((verb, body),) = server.asked
    assert verb == f"STREAM.PURGE.{subjects.SEATS_STREAM}"
    assert body == {"filter": "key", "seq": 8}, "the server keeps what is not below it"
