"""The keys of all edges' sessions, as a server holds them."""

from __future__ import annotations

import asyncio
from fnmatch import fnmatchcase
from typing import NamedTuple

from runtime.bus.errors import BusAwayError, FencedError
from runtime.bus.reader import Stored
from schemas import subjects


class Key(NamedTuple):
    """A key as it was last written."""

    seq: int
    session: str
    expires_s: float


class KeyBucket:
    """Compares and sets keys, which expire by the time of the event loop."""

    def __init__(self) -> None:
        self.seq = 0
        self.writes = 0
        """The writes that were asked for."""
        self.reads = 0
        self.purged: list[str] = []
        self.away_after: int | None = None
        """The number of writes after which no server answers; None: it answers all."""
        self.answers = asyncio.Event()
        """Set: reads, and writes that are stored, are answered at once."""
        self.answers.set()
        self.answer_lost = False
        """The next write is stored, and its answer is lost."""
        self.others_first = False
        """Each write finds that another was first, though a read shows a free key."""
        self._keys: dict[str, Key] = {}

    @property
    def held(self) -> dict[str, str]:
        """The session of each key by the key's name without its number, such as `user.t.ann`."""
        return {
            name.removeprefix(f"{subjects.SEATS}.").rpartition(".")[0]: key.session
            for name, key in self._living().items()
        }

    async def put(self, key: str, session: str, last: int, *, ttl_s: int) -> int:
        self._answer_or_be_away()
        self.writes += 1
        known = self._living().get(key)
        if self.others_first or last != (known.seq if known else 0):
            raise FencedError(f"{key} is not as it was")
        self.seq += 1
        seq = self.seq
        self._keys[key] = Key(seq, session, asyncio.get_running_loop().time() + ttl_s)
        await self.answers.wait()
        if self.answer_lost:
            self.answer_lost = False
            raise BusAwayError(f"{key} was not acknowledged")
        return seq

    async def read(self, stream: str, subject: str) -> list[Stored]:
        assert stream == subjects.SEATS_STREAM
        self._answer_or_be_away()
        self.reads += 1
        await self.answers.wait()
        return [
            Stored(name, key.seq, key.session.encode(), {}, "")
            for name, key in self._living().items()
            if fnmatchcase(name, subject)
        ]

    async def purge_key(self, key: str, seq: int) -> None:
        self._answer_or_be_away()
        self.purged.append(key)
        if key in self._keys and self._keys[key].seq <= seq:
            del self._keys[key]

    def _answer_or_be_away(self) -> None:
        if self.away_after is not None and self.writes >= self.away_after:
            raise BusAwayError("no server answers")

    def _living(self) -> dict[str, Key]:
        now_s = asyncio.get_running_loop().time()
        return {name: key for name, key in self._keys.items() if key.expires_s > now_s}
