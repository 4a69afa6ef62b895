"""Reads streams without a consumer: the newest message of a subject, or all of its messages.

Any replica of a stream may answer, and one that stops loses the request. A request without an
answer is therefore repeated, which is safe.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import msgspec
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.errors import TimeoutError as NatsTimeoutError

from runtime.bus.errors import BusAwayError
from schemas import codec, subjects
from schemas.events import AnyEvent

T = TypeVar("T")

ANSWER_TIMEOUT_S = 1.5
API_TIMEOUT_S = 2.0
TRIES = 3
"""The attempts before the bus counts as away."""
AGAIN_AFTER_S = 0.2
BATCH = 1000
"""The most messages in one request."""
READ_AGAIN_S = 0.05
MOST_READS = 40
"""The reads for a message that was just stored: the replica that answers may be a moment behind."""
NO_MORE = {"204", "404"}
"""Statuses that end a batch: no more messages, no messages. Any other status is an error."""


class Stored(msgspec.Struct, frozen=True):
    """A message as stored in a stream."""

    subject: str
    seq: int
    data: bytes
    headers: codec.Headers
    time: str
    """RFC 3339, the server's clock."""

    @staticmethod
    def of(msg: Msg) -> Stored | None:
        """Return the message in the answer to a direct get, or None: it is a status."""
        headers = msg.headers or {}
        if "Status" in headers or "Nats-Sequence" not in headers:
            return None
        subject, time = headers.get("Nats-Subject", ""), headers.get("Nats-Time-Stamp", "")
        return Stored(subject, int(headers["Nats-Sequence"]), msg.data, headers, time)

    def event(self) -> AnyEvent:
        """Return the event in this message.

        Raises:
            codec.BadMessageError: the message is no event.
        """
        return codec.decode(self.data)

    def readable(self) -> AnyEvent | None:
        """Return the event in it, or None: it is of a newer version, or no event."""
        return codec.readable(self.data)


class Reader:
    """Asks the server over a connection."""

    def __init__(self, nc: Client) -> None:
        self._nc = nc

    async def api(
        self, verb: str, body: dict[str, Any] | None = None, *, timeout_s: float = API_TIMEOUT_S
    ) -> dict[str, Any]:
        """Return JetStream's answer to *verb*; a refusal is an answer with `error`.

        Raises:
            BusAwayError: no answer.
        """
        request = b"" if body is None else msgspec.json.encode(body)
        try:
            reply = await self._nc.request(f"$JS.API.{verb}", request, timeout=timeout_s)
            answer: dict[str, Any] = msgspec.json.decode(reply.data)
        except (NatsError, msgspec.DecodeError) as error:
            raise BusAwayError(f"the server does not answer {verb}: {error!r}") from error
        return answer

    async def get(self, stream: str, request: dict[str, Any]) -> Stored | None:
        """Return the message of *stream* that *request* (a direct get) names, or None.

        Raises:
            BusAwayError: no answer.
        """
        where = f"$JS.API.DIRECT.GET.{stream}"
        return await self._answer(where, partial(self._ask, where, msgspec.json.encode(request)))

    async def last(self, subject: str, *, at_least: int = 0) -> Stored | None:
        """Return the newest stored message of *subject* in the event stream.

        The request is repeated, for two seconds at most, while the answer is older than sequence
        *at_least*.

        Raises:
            BusAwayError: no answer.
        """
        get = partial(self.get, subjects.EVENTS_STREAM, {"last_by_subj": subject})
        return await _repeated(get, lambda stored: (stored.seq if stored else 0) >= at_least)

    async def last_of(self, subject: str) -> Stored | None:
        """Return the newest message of *subject*; this needs no rights to other subjects.

        Raises:
            BusAwayError: no answer.
        """
        where = f"$JS.API.DIRECT.GET.{subjects.EVENTS_STREAM}.{subject}"
        return await self._answer(where, partial(self._ask, where, b""))

    async def _ask(self, where: str, question: bytes) -> Stored | None:
        reply = await self._nc.request(where, question, timeout=ANSWER_TIMEOUT_S)
        status = (reply.headers or {}).get("Status", "")
        if status and status not in NO_MORE:
            raise NatsError(f"status {status}")
        return Stored.of(reply)

    async def read(
        self, stream: str, subject: str, *, after: int = 0, at_least: int = 0
    ) -> list[Stored]:
        """Return the messages of *subject* in *stream* after sequence *after*, oldest first.

        They are read again, as in `last`, while the newest is older than sequence *at_least*.

        Raises:
            BusAwayError: no answer, or all are older.
        """
        found: list[Stored] = []
        ask = partial(self._answer, subject, partial(self._read_on, stream, subject, after, found))
        if await _repeated(ask, lambda newest: newest >= at_least) < at_least:
            raise BusAwayError(f"cannot read {subject}: message {at_least} is not there")
        return found

    async def _answer(self, subject: str, ask: Callable[[], Awaitable[T]]) -> T:
        """Return the result of *ask*, in TRIES attempts at most.

        Raises:
            BusAwayError: no answer.
        """
        tries = 0
        while True:
            try:
                return await ask()
            except NatsError as error:
                tries += 1
                if tries == TRIES or not self._nc.is_connected:
                    raise BusAwayError(f"cannot read {subject}: {error!r}") from error
            await asyncio.sleep(AGAIN_AFTER_S)

    async def _read_on(self, stream: str, subject: str, after: int, found: list[Stored]) -> int:
        """Read on after the last one of *found*, or after *after*; return the newest sequence."""
        async with batches(self._nc, found, silence_s=ANSWER_TIMEOUT_S) as batch:
            await batch.read_on(stream, subject, after=after, most=BATCH)
        return found[-1].seq if found else after


async def _repeated(ask: Callable[[], Awaitable[T]], suffices: Callable[[T], bool]) -> T:
    """Return the first answer of *ask* that *suffices*, or the last one of MOST_READS."""
    for _ in range(MOST_READS):
        if suffices(answer := await ask()):
            break
        await asyncio.sleep(READ_AGAIN_S)
    return answer


@dataclass(frozen=True)
class Batches:
    """Requests for batches of stored messages, which arrive in one inbox."""

    nc: Client
    inbox: str
    found: list[Stored]
    """What has arrived."""
    ends: asyncio.Queue[Msg]
    """The ends of batches, one for each request at most."""
    silence_s: float

    async def ask(self, stream: str, **request: Any) -> None:
        """Ask for a batch of *stream*; several may be on their way."""
        body = msgspec.json.encode(request)
        await self.nc.publish(f"$JS.API.DIRECT.GET.{stream}", body, reply=self.inbox)

    async def end(self) -> int:
        """Wait for the end of a batch; return how many messages remain behind it.

        Raises:
            NatsTimeoutError: nothing has arrived for `silence_s`.
            NatsError: the server has refused the request.
        """
        while True:
            before = len(self.found)
            try:
                async with asyncio.timeout(self.silence_s):
                    end = await self.ends.get()
            except TimeoutError:
                if len(self.found) == before:
                    raise NatsTimeoutError from None
                continue
            headers = end.headers or {}
            if (status := headers.get("Status", "")) not in NO_MORE:
                raise NatsError(f"status {status}")
            return int(headers.get("Nats-Num-Pending", 0))

    async def read_on(self, stream: str, subject: str, *, after: int, most: int) -> None:
        """Read the messages of *subject* after the last one found, or else after *after*.

        A request is for *most* messages.

        Raises:
            NatsError: as `end`.
        """
        left = 1
        while left:
            begin = 1 + (self.found[-1].seq if self.found else after)
            await self.ask(stream, seq=begin, next_by_subj=subject, batch=most)
            left = await self.end()


@asynccontextmanager
async def batches(nc: Client, found: list[Stored], *, silence_s: float) -> AsyncIterator[Batches]:
    """Yield requests whose messages are appended to *found* while the block is open.

    Their inbox is new, and so is free of late answers to other requests.
    """
    made = Batches(nc, nc.new_inbox(), found, asyncio.Queue(), silence_s)

    async def take(msg: Msg) -> None:  # `next_msg` would take two rounds of the loop for each
        if stored := Stored.of(msg):
            found.append(stored)
        else:
            made.ends.put_nowait(msg)

    subscription = await nc.subscribe(
        made.inbox, cb=take, pending_bytes_limit=-1, pending_msgs_limit=-1
    )
    try:
        yield made
    finally:
        await subscription.unsubscribe()
