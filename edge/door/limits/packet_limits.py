"""How many UDP packets of a call, and of whoever belongs to none, are looked at. Pure.

A packet that is one too many is dropped, as the network itself may drop any.
"""

from runtime.buckets import Bucket, Buckets

OF_CALL_S, OF_CALL_AT_ONCE = 2000.0, 4000.0
"""Sound is 50 to 100 a second; a long message over the data channel comes as some hundreds."""
OF_ADDRESS_S, OF_ADDRESS_AT_ONCE = 100.0, 400.0
"""Of an address that belongs to no call yet: a call begins with some ten."""
OF_STRANGERS_S, OF_STRANGERS_AT_ONCE = 2000.0, 2000.0
"""Of all such addresses: the sender of a packet can be forged."""


class PacketLimits:
    """Of one port."""

    def __init__(self) -> None:
        self._addresses = Buckets(lambda: Bucket(OF_ADDRESS_S, OF_ADDRESS_AT_ONCE))
        self._strangers = Bucket(OF_STRANGERS_S, OF_STRANGERS_AT_ONCE)

    @staticmethod
    def of_call() -> Bucket:
        """Return the bucket of a call's packets."""
        return Bucket(OF_CALL_S, OF_CALL_AT_ONCE)

    def stranger_may(self, address: str, now_s: float) -> bool:
        """Count a packet of *address*, and tell whether it is looked at."""
        if self._addresses.of(address).refuse_s(now_s):
            return False
        return not self._strangers.refuse_s(now_s)
