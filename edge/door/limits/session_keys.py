"""Decides which session keys a caller needs, and which of the numbered keys are tried. Pure.

A limit of 100 is 100 keys, and a session needs any one of them.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from msgspec import UNSET

from edge.door.callers.auth import Caller
from runtime.bus.reader import Stored
from schemas import subjects
from schemas.tenant import TenantLimits

PROBES = 3
"""Keys tried at random before the bucket is read."""
MOST_TRIES = 20
"""The most free keys that are tried after a read."""

Try = tuple[str, int]
"""A key, and the sequence that it must have; 0: it must not exist."""


@dataclass(frozen=True)
class Limits:
    """Sessions at once, and joins a minute and user."""

    everywhere: int
    per_tenant: int
    per_user: int
    joins_per_minute: int
    without_token: int = 0
    """The limit of strangers' sessions among all; 0: none."""

    def but(self, tenants: TenantLimits) -> Limits:
        """Return those of a tenant that has some of its own."""
        sessions, of_user = tenants.sessions, tenants.sessions_per_user
        reconnects = tenants.reconnects_per_minute
        return replace(
            self,
            per_tenant=self.per_tenant if sessions is UNSET else sessions,
            per_user=self.per_user if of_user is UNSET else of_user,
            joins_per_minute=self.joins_per_minute if reconnects is UNSET else reconnects + 1,
        )

    def wanted(self, caller: Caller | None) -> list[WantedKey]:
        """Return the keys that a session of *caller* needs, in order; None: a stranger."""
        everywhere = WantedKey("all", self.everywhere, "in all")
        if caller is None:
            stranger = WantedKey("stranger", self.without_token, "without a token")
            return [stranger, everywhere] if self.without_token else [everywhere]
        user, joins = f"{caller.tenant}.{caller.user}", "joins of this user a minute"
        return [
            WantedKey(f"join.{user}", self.joins_per_minute, joins, is_join=True),
            WantedKey(f"user.{user}", self.per_user, "of this user"),
            WantedKey(f"tenant.{caller.tenant}", self.per_tenant, "of this tenant"),
            everywhere,
        ]


@dataclass(frozen=True)
class WantedKey:
    """One key of those of a limit."""

    prefix: str
    limit: int
    counted: str
    """What the limit is of, for who is refused."""
    is_join: bool = False
    """Whether it counts a join: it is held by nobody, and expires by itself."""

    @property
    def refusal(self) -> str:
        return f"the limit of {self.limit} {self.counted} is reached"

    @property
    def subject(self) -> str:
        """The subject of all keys of the limit."""
        return self._key("*")

    def first_tries(self) -> list[Try]:
        """Return keys at random: most are free while the limit is far."""
        numbers = random.sample(range(self.limit), min(PROBES, self.limit))
        return [(self._key(number), 0) for number in numbers]

    def next_tries(self, stored: Sequence[Stored], session: str) -> list[Try]:
        """Return the keys to try as the limit's *stored* ones are: that of *session*, or free ones.

        A resumed session takes over the key that its former edge may still hold.
        """
        taken = {held.subject: held for held in stored if held.data}
        ours = [(key, held.seq) for key, held in taken.items() if held.data == session.encode()]
        if ours and not self.is_join:
            return ours
        free = [key for number in range(self.limit) if (key := self._key(number)) not in taken]
        return [(key, 0) for key in random.sample(free, min(MOST_TRIES, len(free)))]

    def _key(self, number: int | str) -> str:
        return f"{subjects.SEATS}.{self.prefix}.{number}"


def seq_after_fence(stored: Sequence[Stored], session: str, *, in_doubt: bool) -> int | None:
    """Return the sequence of a key of *session* whose renewal was refused, by what is *stored*.

    0: it has expired and may be taken again. None: it is lost to another session, or to a newer
    connection of this one. *in_doubt*: an earlier write of ours had no answer, and may be what is
    stored.
    """
    if not stored or not stored[-1].data:
        return 0
    ours = in_doubt and stored[-1].data == session.encode()
    return stored[-1].seq if ours else None
