"""Stores events: acknowledged, deduplicated by id, and fenced where needed."""

import asyncio

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js.api import PubAck
from nats.js.errors import APIError, NoStreamResponseError

from runtime.bus import trace
from runtime.bus.errors import BusAwayError, BusError, BusRefusedError, FencedError
from runtime.bus.reader import Reader
from schemas import codec, subjects
from schemas.codec import Headers
from schemas.events import Event

WRONG_LAST_SEQUENCE = 10071
EXCEEDS_STREAM = 10054
"""NATS's error code: the message is larger than its stream takes."""
ACK_TIMEOUT_S = 2.0
COPY_TIMEOUT_S = 10.0
PUBLISH_TIMEOUT_S = 12.0
"""The time until a publisher gives up; a cluster elects a new leader in less."""
PUBLISH_RETRY_S = 0.1
HEADER_BYTES = 8 * 1024
"""The room for headers, which count in the size that a server takes; it cuts off who exceeds it."""


class Publisher:
    """Stores messages over a connection."""

    def __init__(self, nc: Client, reader: Reader) -> None:
        """Take *reader*, which looks up the stored message after a refused write."""
        self._nc = nc
        self._js = nc.jetstream(timeout=ACK_TIMEOUT_S)
        self._reader = reader

    async def publish(
        self, event: Event, data: bytes | None = None, *, timeout_s: float = PUBLISH_TIMEOUT_S
    ) -> int:
        """Store *event* and return its sequence in the stream; a repeated event is stored once.

        *data* are the bytes of the event, if they differ from `codec.encode(event)`.

        Raises:
            BusRefusedError: the event is too large.
            BusAwayError: not acknowledged within *timeout_s*.
        """
        headers = {**codec.headers(event), **trace.headers()}
        return await self.publish_raw(
            subjects.event(event), data or codec.encode(event), headers, timeout_s=timeout_s
        )

    async def publish_raw(
        self, subject: str, data: bytes, headers: Headers, *, timeout_s: float = PUBLISH_TIMEOUT_S
    ) -> int:
        """Store bytes with *headers* and return their sequence in the stream.

        Raises:
            BusRefusedError: the bytes are too many.
            BusAwayError: not acknowledged within *timeout_s*.
        """
        name = headers.get(codec.ID_HEADER, subject)
        give_up_s = asyncio.get_running_loop().time() + timeout_s
        while (left_s := give_up_s - asyncio.get_running_loop().time()) > 0:
            try:
                ack = await self._ack(subject, data, headers, left_s)
            except (NatsTimeoutError, NoStreamResponseError, NoRespondersError):
                await asyncio.sleep(PUBLISH_RETRY_S)
            except APIError as error:
                raise _refusal(name, error) from error
            except NatsError as error:
                raise BusAwayError(f"{name} was not stored: {error}") from error
            else:
                return ack.seq
        raise BusAwayError(f"{name} was not acknowledged")

    async def _ack(self, subject: str, data: bytes, headers: Headers, left_s: float) -> PubAck:
        """Publish once and return the server's ack, waiting for *left_s* at most.

        Nothing is given to a client without a connection: it would keep every attempt and send
        all of them after the reconnect.

        Raises:
            BusRefusedError: the bytes are too many.
        """
        self._check_size(data)
        if not self._nc.is_connected:
            raise NatsTimeoutError
        timeout_s = max(0.05, min(ACK_TIMEOUT_S, left_s))
        return await self._js.publish(subject, data, timeout=timeout_s, headers=headers)

    def _check_size(self, data: bytes) -> None:
        """Check that the server takes a message of *data*.

        Raises:
            BusRefusedError: the bytes are too many.
        """
        if len(data) > (most := self._nc.max_payload - HEADER_BYTES):
            raise BusRefusedError(f"{len(data)} bytes in a message: the bus takes {most}")

    async def publish_fenced(self, event: Event, last: int) -> int:
        """Store *event* only if *last* is still the newest sequence of its subject.

        The id alone is no fence. The server answers "stored" to a worker that was suspended, though
        it stored the words of the worker that took over its job.

        Raises:
            BusRefusedError: the event is too large.
            FencedError: the subject holds a newer message.
            BusAwayError: not acknowledged.
        """
        subject, data = subjects.event(event), codec.encode(event)
        headers = {**codec.headers(event), **trace.headers()}
        headers[codec.FENCE_HEADER] = str(last)
        clock = asyncio.get_running_loop().time
        give_up_s, last_error = clock() + PUBLISH_TIMEOUT_S, None
        while (left_s := give_up_s - clock()) > 0:
            try:
                ack = await self._ack(subject, data, headers, left_s)
                if not ack.duplicate:
                    return ack.seq
                newest = ack.seq
            except APIError as error:
                if error.err_code != WRONG_LAST_SEQUENCE:
                    raise _refusal(event.id, error) from error
                newest = _sequence_in(error.description)
            except NatsError as error:  # the next attempt shows whether it was stored
                last_error = error
                await asyncio.sleep(PUBLISH_RETRY_S)
                continue
            stored = await self._reader.last(subject, at_least=newest)
            if stored is not None and stored.data == data:
                return stored.seq
            for message in await self._reader.read(subjects.EVENTS_STREAM, subject, after=last):
                if message.data == data:  # its ack was lost, and another event followed
                    return message.seq
            raise FencedError(f"{event.id}: the subject has moved on", newest)
        raise BusAwayError(f"{event.id} was not acknowledged") from last_error

    async def store(
        self, subject: str, data: bytes, headers: Headers, *, timeout_s: float = COPY_TIMEOUT_S
    ) -> bool:
        """Store a message as it is, in one attempt; return False if its id is stored already.

        Raises:
            BusRefusedError: the bytes are too many.
            BusAwayError: not acknowledged within *timeout_s*.
        """
        self._check_size(data)
        try:
            ack = await self._js.publish(subject, data, timeout=timeout_s, headers=headers)
        except APIError as error:
            raise _refusal(headers.get(codec.ID_HEADER, subject), error) from error
        except NatsError as error:
            raise BusAwayError(f"{headers.get(codec.ID_HEADER, subject)} was not stored") from error
        return not ack.duplicate

    async def put(
        self, key: str, value: str, last: int, *, ttl_s: int = 0, removed: bool = False
    ) -> int:
        """Write *key* if *last* is still its newest sequence (0 if the key does not exist).

        The key expires after *ttl_s*, or never if that is 0. *removed* writes a deletion marker.

        Raises:
            BusRefusedError: the value is too large.
            FencedError: another writer was first, or the key is gone.
            BusAwayError: not acknowledged.
        """
        headers = {codec.FENCE_HEADER: str(last)}
        if ttl_s:
            headers["Nats-TTL"] = f"{ttl_s}s"
        if removed:
            headers["KV-Operation"] = "DEL"
        try:
            ack = await self._ack(key, value.encode(), headers, ACK_TIMEOUT_S)
        except APIError as error:
            if error.err_code == WRONG_LAST_SEQUENCE:
                raise FencedError(f"{key} is not as it was") from error
            raise BusAwayError(f"{key} was not stored: {error}") from error
        except NatsError as error:
            raise BusAwayError(f"{key} was not acknowledged") from error
        return ack.seq

    async def purge_key(self, key: str, seq: int) -> None:
        """Remove *key* unless it is newer than *seq*.

        Raises:
            BusAwayError: no answer, or a refusal.
        """
        body = {"filter": key, "seq": seq + 1}
        answer = await self._reader.api(f"STREAM.PURGE.{subjects.SEATS_STREAM}", body)
        if "error" in answer:
            raise BusAwayError(f"{key} was not removed: {answer['error']}")


def _refusal(name: str, error: APIError) -> BusError:
    """Return the bus's error for the server's *error* about message *name*."""
    kind = BusRefusedError if error.err_code == EXCEEDS_STREAM else BusAwayError
    return kind(f"{name} was not stored: {error}")


def _sequence_in(refusal: str | None) -> int:
    """Return n of "wrong last sequence: n", or 0 if there is no number."""
    number = (refusal or "").rpartition(":")[2].strip()
    return int(number) if number.isdecimal() else 0
