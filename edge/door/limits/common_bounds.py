"""What all connections of an edge share beside its event loop: one rule, `CommonShare`. Pure.

Strangers have shares of their own. So they take nothing from callers with a token, however many
strangers there are. Within a share, an address may have as much as is left.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge.door.limits.address_limits import AddressLimits
from runtime.common_share import CommonShare, ShareAccount
from runtime.settings import Settings

MINUTE_S = 60.0
TWICE = 2
"""A share is twice what one address may have of it."""
MB = 1_000_000
WAITING_BYTES, WAITING_BYTES_OF_STRANGERS = 48 * MB, 16 * MB
"""The bytes that wait for all clients: a second of speech is 43 to 64 kB, and is taken at once."""
SPOKEN_BYTES, SPOKEN_BYTES_OF_STRANGERS = 64 * MB, 4 * MB
"""The bytes of audio kept until it is recognised, for an outage of the bus: 32 kB a second."""
DECODED_BYTES, DECODED_BYTES_OF_STRANGERS = 256 * MB, 12 * MB
"""The bytes of compressed audio that waits to be decoded, and of decoders: DECODER_BYTES each."""
DECODER_BYTES = 1 * MB
"""The memory of a thread and of libav's state."""
SHARE_STEP_BYTES = 32 * 1024
MOST_CLIENT_BYTES = 4 * MB
"""The bytes for one client above which audio is dropped; at twice that it must leave."""
LEAST_WAITING_BYTES = 16 * 1024
"""The bytes that may always wait for a client; they do not count in the common share."""


def message_bytes(message: str | bytes) -> int:
    """Return the length of *message*, bytes; a text is sent as UTF-8, and nearly all are ASCII."""
    if isinstance(message, str) and not message.isascii():
        message = message.encode()
    return len(message)


class SendBuffer:
    """Counts the bytes that wait for one client; those of a live client are few and not shared."""

    def __init__(self, held: ShareAccount) -> None:
        self._held = held
        self._bytes = 0

    def has_space(self, times: int = 1) -> bool:
        """Return whether more may wait; *times*: by a multiple of the bound for audio."""
        waits = self._bytes
        if waits <= times * LEAST_WAITING_BYTES:
            return True
        return waits <= times * MOST_CLIENT_BYTES and self._held.fits(0)

    def add(self, size: int, times: int) -> bool:
        """Add a message of *size* bytes if `has_space`; return whether it did."""
        waits = self._bytes
        if waits > times * LEAST_WAITING_BYTES and not self.has_space(times):
            return False
        self._bytes = waits + size
        if self._bytes > LEAST_WAITING_BYTES:
            self._count()
        return True

    def sent(self, size: int) -> None:
        self._bytes -= size
        if self._held.amount:
            self._count()

    def give_all_back(self) -> None:
        """Count nothing any more: the client has left."""
        self._bytes = 0
        self._held.give_all_back()

    def _count(self) -> None:
        """Take the bytes beyond LEAST_WAITING_BYTES from the common share, a step at a time."""
        counted = max(0, self._bytes - LEAST_WAITING_BYTES)
        more = counted - self._held.amount
        if more > 0:
            self._held.take(max(more, SHARE_STEP_BYTES))
        elif not counted or -more > 2 * SHARE_STEP_BYTES:
            self._held.give_back(-more)


@dataclass(frozen=True)
class SplitShare:
    """Two shares of one thing: of callers with a token, and of strangers."""

    callers: CommonShare
    strangers: CommonShare

    def of(self, *, stranger: bool) -> CommonShare:
        return self.strangers if stranger else self.callers


@dataclass(frozen=True)
class CommonBounds:
    """The shares of an edge."""

    sessions: CommonShare
    """The sessions that strangers begin in a minute."""
    waiting: SplitShare
    """The bytes that wait for clients: see `SendBuffer`."""
    spoken: SplitShare
    """The bytes of callers' audio that is not recognised yet."""
    decoded: SplitShare
    """The bytes of compressed audio that is not decoded yet."""

    @staticmethod
    def of(settings: Settings) -> CommonBounds:
        most = max(settings.seats_without_token, AddressLimits.of(settings).sessions.a_minute)
        a_minute = settings.joins_per_minute_without_token or TWICE * most
        return CommonBounds(
            CommonShare(a_minute, MINUTE_S),
            SplitShare(CommonShare(WAITING_BYTES), CommonShare(WAITING_BYTES_OF_STRANGERS)),
            SplitShare(CommonShare(SPOKEN_BYTES), CommonShare(SPOKEN_BYTES_OF_STRANGERS)),
            SplitShare(CommonShare(DECODED_BYTES), CommonShare(DECODED_BYTES_OF_STRANGERS)),
        )
