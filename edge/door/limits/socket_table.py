"""The TCP connections of an edge, by address: how many there may be, and which makes room. Pure.

    idle --its first conversation begins--> in a call

One without a call makes room for a newer one, the oldest first: who wants something asks at once,
and who asks for nothing keeps nobody out.
"""

from collections import Counter, OrderedDict
from collections.abc import Hashable

IDLE_A_SESSION, LEAST_IDLE = 2, 1000
"""The connections without a call, for each allowed session and at the least; one takes 7 kB."""
ANYBODY = ""
"""The address of a proxy's connections, which only the limit of all together bounds."""


class SocketTable:
    """Connections are told apart by any key of their own."""

    def __init__(self, an_address: int, in_all: int, sessions: int | None = None) -> None:
        """Hold *in_all* connections, and *an_address* from each address.

        *sessions*: so many calls there may be, by which those without one are bounded; None: by
        *in_all* alone.
        """
        self._an_address = an_address
        self._most_idle = in_all
        if sessions is not None:
            self._most_idle = min(in_all, max(LEAST_IDLE, IDLE_A_SESSION * sessions))
        self.in_all = in_all
        self._address: dict[Hashable, str] = {}
        self._count: Counter[str] = Counter()
        self._idle: OrderedDict[Hashable, None] = OrderedDict()
        """Connections without a call, the oldest first."""
        self._idle_of: dict[str, OrderedDict[Hashable, None]] = {}
        """The same, by address."""

    def __len__(self) -> int:
        return len(self._address)

    @property
    def is_full(self) -> bool:
        """There are as many as there may be in all."""
        return len(self) >= self.in_all

    def take(self, socket: Hashable, address: str) -> Hashable | None:
        """Count *socket* and return which has to go for it: None, or itself if there is no other.

        Who has to go is not counted any more.
        """
        goes = None
        if address != ANYBODY and self._count[address] >= self._an_address:
            goes = next(iter(self._idle_of.get(address, ())), socket)
        elif self.is_full or len(self._idle) >= self._most_idle:
            goes = self.oldest_idle() or socket
        if goes is not socket:
            self.leave(goes)
            self._address[socket] = address
            self._count[address] += 1
            self._idle[socket] = None
            self._idle_of.setdefault(address, OrderedDict())[socket] = None
        return goes

    def oldest_idle(self) -> Hashable | None:
        """Return the connection that has been without a call for longest."""
        return next(iter(self._idle), None)

    def holds_call(self, socket: Hashable) -> None:
        """Note that *socket* holds a call: it makes room for nobody any more."""
        if socket not in self._idle:
            return
        del self._idle[socket]
        address = self._address[socket]
        del self._idle_of[address][socket]
        if not self._idle_of[address]:
            del self._idle_of[address]

    def leave(self, socket: Hashable) -> None:
        """Forget *socket*, if it is known."""
        if socket not in self._address:
            return
        self.holds_call(socket)
        address = self._address.pop(socket)
        self._count[address] -= 1
        if not self._count[address]:
            del self._count[address]
