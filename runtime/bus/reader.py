"""Reading the streams without a consumer: the newest message of a subject, or all of them.

In a cluster any copy of a stream may answer, and one that leaves takes the question with it. So a
question without an answer is asked again, which changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

import msgspec
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError

from runtime.bus.errors import BusAwayError
from schemas import codec, subjects
from schemas.events import AnyEvent

T = TypeVar("T")

ANSWER_TIMEOUT_S = 1.5
API_TIMEOUT_S = 2.0
TRIES = 3
"""The times that a question is asked before the bus counts as away."""
AGAIN_AFTER_S = 0.2
BATCH = 1000
"""The messages in one request."""
NO_MORE = {"204", "404"}
"""Statuses that end a batch: no more messages, none at all. Any other status is a failure."""


class Stored(msgspec.Struct, frozen=True):
    """A message as a stream keeps it."""

    subject: str
    seq: int
    data: bytes
    headers: dict[str, str]
    time: str
    """RFC 3339, the server's clock."""

    @staticmethod
    def of(msg: Msg) -> Stored | None:
        """Return the message in the answer to a direct get; None: there is none."""
        head = msg.headers or {}
        if "Status" in head or "Nats-Sequence" not in head:
            return None
        subject, time = head.get("Nats-Subject", ""), head.get("Nats-Time-Stamp", "")
        return Stored(subject, int(head["Nats-Sequence"]), msg.data, head, time)

    def event(self) -> AnyEvent:
        """Return the event in it.

        Raises:
            codec.BadMessageError: it is no event.
        """
        return codec.decode(self.data)


class Reader:
    """Asks the server over a connection."""

    def __init__(self, nc: Client) -> None:
        self._nc = nc

    async def api(
        self, verb: str, body: dict[str, Any] | None = None, *, timeout_s: float = API_TIMEOUT_S
    ) -> dict[str, Any]:
        """Return JetStream's answer to *verb*; a refusal is an answer, under `error`.

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
        """Return the message of *stream* that *request* (a direct get) names; None: it is gone.

        Raises:
            BusAwayError: no answer.
        """
        where, question = f"$JS.API.DIRECT.GET.{stream}", msgspec.json.encode(request)
        ask = partial(self._nc.request, where, question, timeout=ANSWER_TIMEOUT_S)
        return Stored.of(await self._answer(f"{stream} {request}", ask))

    async def last(self, subject: str, *, at_least: int = 0) -> Stored | None:
        """Return the newest stored message of *subject* in the event stream.

        In a cluster any copy of the stream answers, and a copy may be a moment behind. So an answer
        older than sequence *at_least* is asked for again, for a second at most.

        Raises:
            BusAwayError: no answer.
        """
        for _ in range(20):
            stored = await self.get(subjects.EVENTS_STREAM, {"last_by_subj": subject})
            if (stored.seq if stored else 0) >= at_least:
                break
            await asyncio.sleep(0.05)
        return stored

    async def last_of(self, subject: str) -> Stored | None:
        """Return the newest message of *subject* in the event stream, by a right to that alone.

        Raises:
            BusAwayError: no answer.
        """
        where = f"$JS.API.DIRECT.GET.{subjects.EVENTS_STREAM}.{subject}"
        ask = partial(self._nc.request, where, b"", timeout=ANSWER_TIMEOUT_S)
        return Stored.of(await self._answer(subject, ask))

    async def read(self, stream: str, subject: str, *, after: int = 0) -> list[Stored]:
        """Return the messages of *subject* in *stream* after sequence *after*, oldest first.

        Raises:
            BusAwayError: no answer.
        """
        found: list[Stored] = []
        await self._answer(subject, partial(self._read_on, stream, subject, after, found))
        return found

    async def _answer(self, subject: str, ask: Callable[[], Awaitable[T]]) -> T:
        """Return the result of *ask*, called TRIES times at most.

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

    async def _read_on(self, stream: str, subject: str, after: int, found: list[Stored]) -> None:
        """Append to *found* the messages that follow its last one, or *after* if it is empty."""
        inbox = self._nc.new_inbox()  # a new one: late answers to another question are not ours
        answers = await self._nc.subscribe(inbox, pending_bytes_limit=-1, pending_msgs_limit=-1)
        try:
            full = True
            while full:
                before = len(found)
                begin = 1 + (found[-1].seq if found else after)
                request = {"seq": begin, "next_by_subj": subject, "batch": BATCH}
                await self._nc.publish(
                    f"$JS.API.DIRECT.GET.{stream}", msgspec.json.encode(request), reply=inbox
                )
                await _take_batch(answers, found)
                full = len(found) - before == BATCH
        finally:
            await answers.unsubscribe()


async def _take_batch(answers: Subscription, found: list[Stored]) -> None:
    """Append the answers up to the end of a batch to *found*."""
    while True:
        msg = await answers.next_msg(timeout=ANSWER_TIMEOUT_S)
        if stored := Stored.of(msg):
            found.append(stored)
        elif (status := (msg.headers or {}).get("Status")) in NO_MORE:
            return
        else:
            raise NatsError(f"status {status}")
