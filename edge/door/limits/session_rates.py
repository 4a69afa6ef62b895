"""The sessions that may begin a minute: of one address, and of all strangers. Pure."""

from dataclasses import dataclass

from edge.door.limits.rate_limits import AddressRate
from runtime.common_share import CommonShare


@dataclass(frozen=True)
class SessionRates:
    """The rates of one edge."""

    of_address: AddressRate
    of_strangers: CommonShare
    """The sessions that callers without a token may begin a minute."""

    def refusal(self, address: str, now_s: float, *, stranger: bool) -> str:
        """Count a session of *address*; return why it may not begin; empty: it may."""
        if wait_s := self.of_address.refuse_s(address, now_s):
            return _full(f"{self.of_address.a_minute:g} sessions a minute from one address", wait_s)
        if not stranger:
            return ""
        if wait_s := self.of_strangers.wait_s(address, 1, now_s):
            most = f"{self.of_strangers.size:g} sessions a minute"
            return _full(f"{most} of callers without a token", wait_s)
        self.of_strangers.take(address, 1, now_s)
        return ""


def _full(limit: str, wait_s: float) -> str:
    return f"{limit}: try again in {max(1, round(wait_s))} s"
