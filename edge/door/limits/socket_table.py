"""The TCP connections of an edge, by address: how many there may be, and which makes room. Pure.

A connection is unused until its first session begins. An unused one makes room for a newer one,
the oldest first: who wants something asks at once, and who asks for nothing keeps nobody out.
"""

from collections import Counter, OrderedDict
from collections.abc import Hashable

UNUSED_PER_SESSION, LEAST_UNUSED = 2, 1000
"""The most unused connections, for each allowed session and at the least; each takes 7 kB."""
ANYBODY = ""
"""The address of a trusted proxy's connections, which only the limit of all connections bounds."""


class SocketTable:
    """The connections of an edge; each has a key."""

    def __init__(self, an_address: int, in_all: int, sessions: int | None = None) -> None:
        """Hold *in_all* connections, and *an_address* from each address.

        *sessions*: the most calls, which bounds the unused connections; None: *in_all* bounds them.
        """
        self._an_address = an_address
        self._most_unused = in_all
        if sessions is not None:
            self._most_unused = min(in_all, max(LEAST_UNUSED, UNUSED_PER_SESSION * sessions))
        self.in_all = in_all
        self._address: dict[Hashable, str] = {}
        self._count: Counter[str] = Counter()
        self._unused: OrderedDict[Hashable, None] = OrderedDict()
        """The unused connections, the oldest first."""
        self._unused_of: dict[str, OrderedDict[Hashable, None]] = {}
        """The unused connections of each address."""

    def __len__(self) -> int:
        return len(self._address)

    @property
    def is_full(self) -> bool:
        """Whether no connection is free."""
        return len(self) >= self.in_all

    def take(self, socket: Hashable, address: str) -> Hashable | None:
        """Count *socket*, and return the connection to close for it, which is not counted any more.

        None: there is room. *socket* itself: no other connection can be closed.
        """
        closed = None
        if address != ANYBODY and self._count[address] >= self._an_address:
            closed = next(iter(self._unused_of.get(address, ())), socket)
        elif self.is_full or len(self._unused) >= self._most_unused:
            closed = self.oldest_unused() or socket
        if closed is not socket:
            self.forget(closed)
            self._address[socket] = address
            self._count[address] += 1
            self._unused[socket] = None
            self._unused_of.setdefault(address, OrderedDict())[socket] = None
        return closed

    def oldest_unused(self) -> Hashable | None:
        """Return the connection that has been without a call for longest."""
        return next(iter(self._unused), None)

    def holds_call(self, socket: Hashable) -> None:
        """Note that *socket* holds a call, so that it is not unused any more."""
        if socket not in self._unused:
            return
        del self._unused[socket]
        address = self._address[socket]
        del self._unused_of[address][socket]
        if not self._unused_of[address]:
            del self._unused_of[address]

    def forget(self, socket: Hashable) -> None:
        """Forget *socket*, if it is known."""
        if socket not in self._address:
            return
        self.holds_call(socket)
        address = self._address.pop(socket)
        self._count[address] -= 1
        if not self._count[address]:
            del self._count[address]
