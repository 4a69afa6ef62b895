"""Reads thousands of stored messages at once: fast header parsing, one inbox for all answers."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from nats.aio.client import Client
from nats.errors import Error as NatsError

from runtime.bus.errors import BusAwayError
from runtime.bus.fast_headers import quickly
from runtime.bus.reader import Batches, Stored, batches
from schemas import subjects

BATCH_SUBJECTS = 1000
"""The most subjects in one request; the server's limit is 1024."""
MOST_EVENTS_PER_READ = 20_000
"""The most events of a session that one request reads."""
READ_TIMEOUT_S = 10.0
"""The longest silence of the server within an answer."""


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
        """Take the sizes of requests, subjects and events, and the longest silence, *wait_s*."""
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
        size = self._batch
        parts = [names[k : k + size] for k in range(0, len(names), size)]
        async with self._batches(f"the newest messages of {stream}") as batch:
            for part in parts:
                await batch.ask(stream, multi_last=part, batch=size)
            for _ in parts:
                await batch.end()
        return batch.found

    async def session_events(self, session: str) -> list[Stored]:
        """Return all events of *session*, of any tenant, in the order of the log.

        Raises:
            BusAwayError: no answer, or an error.
        """
        subject = subjects.session_events("*", session)
        async with self._batches(f"session {session}") as batch:
            await batch.read_on(subjects.EVENTS_STREAM, subject, after=0, most=self._read_at_once)
        return batch.found

    @asynccontextmanager
    async def _batches(self, what: str) -> AsyncIterator[Batches]:
        """Yield requests for *what*.

        Raises:
            BusAwayError: no answer, or an error.
        """
        try:
            async with batches(self._nc, [], silence_s=self._wait_s) as made:
                with quickly(self._nc):
                    yield made
        except NatsError as error:
            raise BusAwayError(f"cannot read {what}: {error!r}") from error
