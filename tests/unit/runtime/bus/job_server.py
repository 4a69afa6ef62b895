"""A client of NATS that is its own server, with one consumer, and knows what it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import ConnectionClosedError
from nats.errors import TimeoutError as NatsTimeoutError

from runtime.bus.jobs import IDLE_HEARTBEAT_S
from schemas import codec
from schemas.events import Event

NEXT = "$JS.API.CONSUMER.MSG.NEXT.AURA_EVENTS.STT"
INFO = "$JS.API.CONSUMER.INFO.AURA_EVENTS.STT"


class Inbox(Subscription):
    """A subject on which jobs arrive."""

    def __init__(
        self, server: JobServer, subject: str, arrived: Callable[[Msg], Awaitable[None]]
    ) -> None:
        super().__init__(server, subject=subject)
        self.arrived = arrived
        self.drained = False

    async def drain(self) -> None:
        self.drained = True


class JobServer(Client):
    """The server, which is connected until a test says otherwise."""

    def __init__(self) -> None:
        super().__init__()
        self.up = True
        self.takes = True
        """Whether a message that is published is taken."""
        self.inboxes: list[Inbox] = []
        self.asked: list[dict[str, Any]] = []
        """The requests for jobs."""
        self.asked_on: list[str] = []
        """The inbox of each."""
        self.answers: list[tuple[int, str]] = []
        """Sequence of a job, and the answer to it."""
        self.waiting: int | None = 0
        """The jobs that wait for a worker; None: no answer to who asks."""

    @property
    def is_connected(self) -> bool:
        return self.up

    @property
    def batches(self) -> list[int]:
        """The number of jobs in each request."""
        return [one["batch"] for one in self.asked]

    def new_inbox(self) -> str:
        return f"inbox.{len(self.inboxes)}"

    async def subscribe(self, subject: str, *_: Any, cb: Any = None, **__: Any) -> Subscription:
        self.inboxes.append(Inbox(self, subject, cb))
        return self.inboxes[-1]

    async def publish(
        self,
        subject: str,
        payload: bytes = b"",
        reply: str = "",
        headers: dict[str, str] | None = None,
    ) -> None:
        del headers
        if not self.takes:
            raise ConnectionClosedError
        if subject.startswith("$JS.ACK."):
            self.answers.append((int(subject.split(".")[5]), payload.decode()))
            return
        assert subject == NEXT
        self.asked.append(msgspec.json.decode(payload))
        self.asked_on.append(reply)

    async def request(self, subject: str, *_: Any, **__: Any) -> Msg:
        assert subject == INFO
        if self.waiting is None:
            raise NatsTimeoutError
        return Msg(self, data=msgspec.json.encode({"num_pending": self.waiting}))

    async def deliver(
        self,
        data: bytes,
        headers: dict[str, str],
        seq: int = 1,
        *,
        attempt: int = 1,
        inbox: int = -1,
    ) -> None:
        """Send a stored event to the newest inbox, or to that of number *inbox*."""
        reply = f"$JS.ACK.AURA_EVENTS.STT.{attempt}.{seq}.{seq}.1700000000000000000.0"
        where = self.inboxes[inbox]
        await where.arrived(Msg(self, where.subject, reply, data, headers))

    async def give(self, event: Event, seq: int = 1, *, attempt: int = 1, inbox: int = -1) -> None:
        """Send *event* like `deliver`."""
        where = {"attempt": attempt, "inbox": inbox}
        await self.deliver(codec.encode(event), codec.headers(event), seq, **where)

    async def say(self, status: str, **headers: str) -> None:
        """Send a status to the newest inbox."""
        inbox = self.inboxes[-1]
        await inbox.arrived(Msg(self, inbox.subject, headers={"Status": status, **headers}))

    async def be_idle(self, seconds: float) -> None:
        """Send heartbeats for *seconds*, as if no job came."""
        for _ in range(round(seconds / IDLE_HEARTBEAT_S)):
            await asyncio.sleep(IDLE_HEARTBEAT_S)
            await self.say("100")
