"""Limits of the bytes that a call may store: events and recorded audio. Pure; time is an argument.

Decisions are always stored: the last messages overdraw a share, then the call ends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from runtime.buckets import Bucket, Buckets
from runtime.common_share import CommonShare
from runtime.settings import Settings
from schemas.audio import BYTES_PER_S

RETENTION_S = 72 * 3600
"""The retention of the streams (nats/streams)."""
BURST_MINUTES = 3
"""The burst of a session, in minutes of its rate."""
ADDRESS_SHARE = 0.4
"""The part of the sum of its connections' limits that an address may use."""
OVERHEAD_BYTES = 250
"""The overhead of a stored message: subject, headers, sequence."""
HIGHEST_SPEED = 2
"""The highest speed of recorded audio, both sides together, as a multiple of speech."""
QUOTA_STEP_BYTES = 4_000
"""A session takes its bytes in such steps, before it stores them."""
BEGINS_BYTES = 10_000
"""The bytes that a session's first turn may need."""
TENANT_USED_UP = "the tenant's share of recorded audio is used up (AURA_RECORDED_MB_PER_TENANT)"
_MOST_BYTES_PER_SECOND = HIGHEST_SPEED * 2 * BYTES_PER_S
"""The most bytes of recorded audio a second, both sides together."""


class Store(Protocol):
    """A share of bytes."""

    def take(self, amount: float, now_s: float) -> bool:
        """Take bytes in any case; return False if the share is overdrawn."""

    def wait_s(self, now_s: float) -> float:
        """Return the seconds until a session may begin; 0: now."""


@dataclass(frozen=True)
class Portion:
    """One address's part of a common share."""

    share: CommonShare
    address: str

    def take(self, amount: float, now_s: float) -> bool:
        return self.share.take(self.address, amount, now_s)

    def wait_s(self, now_s: float) -> float:
        return self.share.wait_s(self.address, BEGINS_BYTES, now_s)


@dataclass
class LogQuota:
    """The shares of the event stream for one connection."""

    shared: list[tuple[str, Store]]
    """The shared ones, each with the name of its owner."""
    new: Callable[[], Bucket]
    _own: Bucket = field(init=False)
    _taken: int = 0
    """Bytes that were taken, and not yet stored."""

    def __post_init__(self) -> None:
        self._own = self.new()

    def begin(self, now_s: float) -> str:
        """Return why no session may begin now; empty: it begins with a share of its own."""
        for sharer, bucket in self.shared:
            if wait_s := bucket.wait_s(now_s):
                return f"{_used_up(sharer)}: try again in {wait_s:.0f} s"
        self._own = self.new()
        return ""

    def spend(self, size_bytes: int, now_s: float) -> str:
        """Take the bytes of a stored event; return why the session must end; empty: it goes on."""
        self._taken -= size_bytes + OVERHEAD_BYTES
        if self._taken >= 0:
            return ""
        size_bytes = QUOTA_STEP_BYTES - self._taken
        self._taken = QUOTA_STEP_BYTES
        owner = "" if self._own.take(size_bytes, now_s) else "this session (AURA_LOG_KB_PER_MINUTE)"
        for sharer, bucket in self.shared:
            if not bucket.take(size_bytes, now_s):
                owner = owner or sharer
        return _used_up(owner) if owner else ""


def _used_up(owner: str) -> str:
    return f"the share of the log is used up of {owner}"


class LogQuotas:
    """The quotas of an edge for events."""

    def __init__(self, *, session_kb: int, connections: int, strangers_mb: int) -> None:
        """Take the kB of events a minute of a session, and the MB in 72 h of all strangers.

        *connections*: the most connections of an address at once.
        """
        self._session_kb = session_kb
        address_kb = session_kb * connections * ADDRESS_SHARE
        self._addresses = Buckets(lambda: _per_minute(address_kb))
        self._strangers = CommonShare(strangers_mb * 1e6, RETENTION_S)

    def of(self, address: str, *, stranger: bool) -> LogQuota:
        """Return the quota of a connection from *address*; *stranger*: it has no token."""
        sharer = "this address (AURA_LOG_KB_PER_MINUTE)"
        shared: list[tuple[str, Store]] = [(sharer, self._addresses.of(address))]
        if stranger:
            sharer = "callers without a token (AURA_LOG_MB_OF_STRANGERS)"
            shared.append((sharer, Portion(self._strangers, address)))
        return LogQuota(shared, lambda: _per_minute(self._session_kb))


def _per_minute(kb: float) -> Bucket:
    per_minute = kb * 1000
    return Bucket(per_minute / 60, per_minute * BURST_MINUTES, until=per_minute)


def _in_72_h(mb: int) -> Bucket:
    rate = mb * 1e6 / RETENTION_S
    return Bucket(rate, mb * 1e6, until=60 * rate)


@dataclass
class RecordingQuota:
    """The shares of recorded audio for one session."""

    tenant: Bucket
    _own: Bucket = field(
        default_factory=lambda: Bucket(_MOST_BYTES_PER_SECOND, _MOST_BYTES_PER_SECOND * 60)
    )

    def spend(self, size_bytes: int, now_s: float) -> str:
        """Take the bytes of a piece; return why no more is recorded; empty: it goes on."""
        own = self._own.take(size_bytes, now_s)
        if not self.tenant.take(size_bytes, now_s):
            return TENANT_USED_UP
        return "" if own else "the audio comes faster than it is spoken"

    def begin(self, now_s: float) -> str:
        """Return why no session may be recorded now; empty: it may."""
        return TENANT_USED_UP if self.tenant.wait_s(now_s) else ""


class RecordingQuotas:
    """The quotas of an edge for recorded audio."""

    def __init__(self, tenant_mb: int) -> None:
        self._tenants = Buckets(lambda: _in_72_h(tenant_mb))

    def of(self, tenant: str) -> RecordingQuota:
        return RecordingQuota(self._tenants.of(tenant))


@dataclass(frozen=True)
class StorageQuotas:
    """All quotas of an edge."""

    log: LogQuotas
    audio: RecordingQuotas

    @staticmethod
    def of(settings: Settings) -> StorageQuotas:
        log = LogQuotas(
            session_kb=settings.log_kb_per_minute,
            connections=settings.max_connections_per_ip,
            strangers_mb=settings.log_mb_of_strangers,
        )
        return StorageQuotas(log, RecordingQuotas(settings.recorded_mb_per_tenant))
