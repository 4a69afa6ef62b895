"""Limits of the bytes that a call may store: events and recorded audio. Pure; time is an argument.

What was decided is always stored: a share is overdrawn by the last messages, then the call ends.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from schemas.audio import BYTES_PER_MS

KEPT_S = 72 * 3600
"""The age up to which the streams keep messages (nats/streams)."""
BURST_MINUTES = 3
"""The minutes of a session's rate that it may store at once."""
ADDRESS_SHARE = 0.4
"""The share of an address in what its connections might store: they do not all store the most."""
OVERHEAD_BYTES = 250
"""The bytes of a stored message beside its data: subject, headers, place in the stream."""
FASTEST = 2
"""The highest speed of recorded audio, both sides together, as a multiple of speech."""
MOST_KEPT = 10_000
"""The number of addresses or tenants that are remembered."""
TENANT_USED_UP = "the tenant's share of recorded audio is used up (AURA_RECORDED_MB_PER_TENANT)"
_PACE = FASTEST * 2 * BYTES_PER_MS * 1000
"""Most bytes of recorded audio a second, both sides."""


class ByteBucket:
    """*rate* bytes a second, *size* at once; it may be overdrawn."""

    def __init__(self, rate: float, size: float) -> None:
        self._rate = rate
        self._size = self._left = size
        self._at_s: float | None = None

    def spend(self, size_bytes: int, now_s: float) -> bool:
        """Take bytes; return False where it is overdrawn."""
        self._fill(now_s)
        self._left -= size_bytes
        return self._left >= 0

    def wait_s(self, now_s: float) -> float:
        """Return the seconds until it holds a minute's bytes; 0: it holds some now."""
        self._fill(now_s)
        enough = min(self._size, self._rate * 60)
        return 0.0 if self._left > 0 else (enough - self._left) / self._rate

    def _fill(self, now_s: float) -> None:
        if self._at_s is not None:
            self._left = min(self._size, self._left + (now_s - self._at_s) * self._rate)
        self._at_s = now_s


class Buckets:
    """A bucket for each name; the one that was longest unused is forgotten first."""

    def __init__(self, new: Callable[[], ByteBucket]) -> None:
        self._new = new
        self._known: OrderedDict[str, ByteBucket] = OrderedDict()

    def of(self, name: str) -> ByteBucket:
        if name not in self._known:
            self._known[name] = self._new()
            if len(self._known) > MOST_KEPT:
                self._known.popitem(last=False)
        self._known.move_to_end(name)
        return self._known[name]


@dataclass
class LogQuota:
    """The shares of the event stream that one connection draws on."""

    shared: list[tuple[str, ByteBucket]]
    """Those it shares with others, each with the words for whose it is."""
    new: Callable[[], ByteBucket]
    _own: ByteBucket = field(init=False)

    def __post_init__(self) -> None:
        self._own = self.new()

    def begin(self, now_s: float) -> str:
        """Return why no session may begin now; empty: it may, with a share of its own."""
        for whose, bucket in self.shared:
            if wait_s := bucket.wait_s(now_s):
                return f"{_used_up(whose)}: try again in {wait_s:.0f} s"
        self._own = self.new()
        return ""

    def spend(self, size_bytes: int, now_s: float) -> str:
        """Take the bytes of a stored event; return why the session ends now; empty: it goes on."""
        over = [
            whose
            for whose, bucket in [
                ("this session (AURA_LOG_KB_PER_MINUTE)", self._own),
                *self.shared,
            ]
            if not bucket.spend(size_bytes + OVERHEAD_BYTES, now_s)
        ]
        return _used_up(over[0]) if over else ""


def _used_up(whose: str) -> str:
    return f"the share of the log is used up of {whose}"


class LogQuotas:
    """Those of an edge."""

    def __init__(self, *, session_kb: int, connections: int, strangers_mb: int) -> None:
        """Take kB of events a minute of a session, MB in 72 h of all strangers.

        An address has so many *connections* at once.
        """
        self._session_kb = session_kb
        address_kb = session_kb * connections * ADDRESS_SHARE
        self._addresses = Buckets(lambda: _a_minute(address_kb))
        self._strangers = _in_72_h(strangers_mb)

    def of(self, address: str, *, stranger: bool) -> LogQuota:
        """Return that of a connection from *address*; *stranger*: nobody shows a token on it."""
        shared = [("this address (AURA_LOG_KB_PER_MINUTE)", self._addresses.of(address))]
        if stranger:
            shared.append(("callers without a token (AURA_LOG_MB_OF_STRANGERS)", self._strangers))
        return LogQuota(shared, lambda: _a_minute(self._session_kb))


def _a_minute(kb: float) -> ByteBucket:
    return ByteBucket(kb * 1000 / 60, kb * 1000 * BURST_MINUTES)


def _in_72_h(mb: int) -> ByteBucket:
    return ByteBucket(mb * 1e6 / KEPT_S, mb * 1e6)


@dataclass
class RecordingQuota:
    """The share of the recorded audio that one session draws on."""

    tenant: ByteBucket
    _own: ByteBucket = field(default_factory=lambda: ByteBucket(_PACE, _PACE * 60))

    def spend(self, size_bytes: int, now_s: float) -> str:
        """Take the bytes of a piece; return why no more is recorded; empty: it goes on."""
        own = self._own.spend(size_bytes, now_s)
        if not self.tenant.spend(size_bytes, now_s):
            return TENANT_USED_UP
        return "" if own else "the audio comes faster than it is spoken"

    def begin(self, now_s: float) -> str:
        """Return why no session may be recorded now; empty: it may."""
        return TENANT_USED_UP if self.tenant.wait_s(now_s) else ""


class RecordingQuotas:
    """Those of an edge."""

    def __init__(self, tenant_mb: int) -> None:
        self._tenants = Buckets(lambda: _in_72_h(tenant_mb))

    def of(self, tenant: str) -> RecordingQuota:
        return RecordingQuota(self._tenants.of(tenant))
