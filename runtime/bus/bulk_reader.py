"""Reads thousands of stored messages at once: fast header parsing, one inbox for all answers."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import msgspec
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from runtime.bus.errors import BusAwayError
from runtime.bus.fast_headers import quickly
from runtime.bus.reader import NO_MORE, Stored, answers
from schemas import subjects

BATCH_SUBJECTS = 1000
"""The most subjects in one request; the server's limit is 1024."""
MOST_EVENTS_PER_READ = 20_000
"""The most events of a session that one request reads."""
READ_TIMEOUT_S = 10.0
DIRECT_GET = "$JS.API.DIRECT.GET"


class BulkReader:
    """Reads the event stream on a connection."""

    def __init__(
        self,
        nc: Client,
        *,
        batch: int = BATCH_SUBJECTS,
        read_at_once: int = MOST_EVENTS_PER_READ,
        wait_s: float = READ_TIMEOUT_S,
    ) -> None:
        """Take the sizes of requests: *batch* subjects, *read_at_once* events; *wait_s* for all."""
        self._nc = nc
        self._batch = batch
        self._read_at_once = read_at_once
        self._wait_s = wait_s

    async def newest(
        self, names: Sequence[str], stream: str = subjects.EVENTS_STREAM
    ) -> list[Stored]:
        """Return the newest message in *stream* of each subject in *names*.

        Raises:
            BusAwayError: no answer, or an error.
        """
        found: list[Stored] = []
        size = self._batch
        batches = [names[k : k + size] for k in range(0, len(names), size)]
        ends: asyncio.Queue[Msg] = asyncio.Queue()  # holds one for each batch at most
        try:
            async with self._answers(found, ends.put_nowait) as inbox:
                for batch in batches:
                    request = msgspec.json.encode({"multi_last": batch, "batch": size})
                    await self._nc.publish(f"{DIRECT_GET}.{stream}", request, reply=inbox)
                for _ in batches:
                    _check(await ends.get())
        except (TimeoutError, NatsError) as error:
            raise BusAwayError(f"{stream}: no answer with the newest messages") from error
        return found

    async def session_events(self, session: str) -> list[Stored]:
        """Return all events of *session*, of any tenant, in the order of the log.

        Raises:
            BusAwayError: no answer, or an error.
        """
        found: list[Stored] = []
        ends: asyncio.Queue[Msg] = asyncio.Queue()  # holds one at most: requests take turns
        subject, left = subjects.session_events("*", session), 1
        try:
            async with self._answers(found, ends.put_nowait) as inbox:
                while left:
                    after = found[-1].seq if found else 0
                    request = {
                        "seq": after + 1,
                        "next_by_subj": subject,
                        "batch": self._read_at_once,
                    }
                    where = f"{DIRECT_GET}.{subjects.EVENTS_STREAM}"
                    await self._nc.publish(where, msgspec.json.encode(request), reply=inbox)
                    head = _check(await ends.get())
                    left = int(head.get("Nats-Num-Pending", 0))
        except (TimeoutError, NatsError) as error:
            raise BusAwayError(f"cannot read session {session}") from error
        return found

    @asynccontextmanager
    async def _answers(
        self, into: list[Stored], on_end: Callable[[Msg], None]
    ) -> AsyncIterator[str]:
        """Yield an inbox for *wait_s*; stored messages that arrive in it are appended to *into*."""
        async with answers(self._nc, into, on_end) as inbox:
            with quickly(self._nc):
                async with asyncio.timeout(self._wait_s):
                    yield inbox


def _check(end: Msg) -> dict[str, str]:
    """Return the headers of the *end* of a batch, which tell how many messages remain.

    Raises:
        NatsError: the server has refused the request.
    """
    head = end.headers or {}
    if (status := head.get("Status", "")) not in NO_MORE:
        raise NatsError(f"status {status}")
    return head
