"""Reading what the streams hold: the newest of a subject, or all of it, without a consumer."""

from __future__ import annotations

import asyncio

import msgspec
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from aura.bus.errors import BusAwayError
from schemas import codec, subjects
from schemas.events import AnyEvent

ANSWER_TIMEOUT_S = 2.0


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
        """Return the message in a direct-get answer, None where the answer says there is none."""
        head = msg.headers or {}
        if "Status" in head or "Nats-Sequence" not in head:
            return None
        subject, time = head.get("Nats-Subject", ""), head.get("Nats-Time-Stamp", "")
        return Stored(subject, int(head["Nats-Sequence"]), msg.data, head, time)

    def event(self) -> AnyEvent:
        """Return it decoded.

        Raises:
            codec.BadMessageError: it is no event.
        """
        return codec.decode(self.data)


class Reading:
    """What may be read on a connection."""

    nc: Client

    async def last(self, subject: str, *, at_least: int = 0) -> Stored | None:
        """Return the newest stored message of *subject* in the event stream.

        In a cluster any copy of the stream answers, and one may be a moment behind: where the
        caller knows of sequence *at_least*, an older answer is asked for again, a second at most.

        Raises:
            BusAwayError: no answer.
        """
        request = msgspec.json.encode({"last_by_subj": subject})
        for _ in range(20):
            try:
                reply = await self.nc.request(
                    f"$JS.API.DIRECT.GET.{subjects.EVENTS_STREAM}",
                    request,
                    timeout=ANSWER_TIMEOUT_S,
                )
            except NatsError as error:
                raise BusAwayError(f"cannot read {subject}: {error!r}") from error
            stored = Stored.of(reply)
            if (stored.seq if stored else 0) >= at_least:
                break
            await asyncio.sleep(0.05)
        return stored

    async def read(self, stream: str, subject: str, *, after: int = 0) -> list[Stored]:
        """Return all that *stream* holds of *subject* after sequence *after*, oldest first.

        Raises:
            BusAwayError: no answer.
        """
        found: list[Stored] = []
        inbox = self.nc.new_inbox()
        subscription = await self.nc.subscribe(inbox, pending_bytes_limit=-1, pending_msgs_limit=-1)
        try:
            while True:
                request = {"seq": after + 1, "next_by_subj": subject, "batch": 1000}
                await self.nc.publish(
                    f"$JS.API.DIRECT.GET.{stream}", msgspec.json.encode(request), reply=inbox
                )
                got = 0
                while True:
                    stored = Stored.of(await subscription.next_msg(timeout=ANSWER_TIMEOUT_S))
                    if stored is None:
                        break
                    found.append(stored)
                    after, got = stored.seq, got + 1
                if got < 1000:
                    return found
        except NatsError as error:
            raise BusAwayError(f"cannot read {subject}: {error!r}") from error
        finally:
            await subscription.unsubscribe()
