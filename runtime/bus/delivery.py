"""A received message of the bus."""

from __future__ import annotations

from typing import TypeVar

import msgspec
import structlog
from nats.aio.msg import Msg

from schemas import codec
from schemas.events import AnyEvent

log = structlog.get_logger(__name__)
M = TypeVar("M", bound=msgspec.Struct)


class Delivery(msgspec.Struct, frozen=True):
    """A message on *subject*."""

    subject: str
    data: bytes
    headers: codec.Headers
    seq: int = 0
    """Sequence of a mirrored event in the event stream; 0 if the message was not stored."""
    reply: str = ""
    """The subject for the answer; empty if none is expected."""

    @staticmethod
    def of(msg: Msg) -> Delivery:
        headers = msg.headers or {}
        seq = headers.get("Nats-Sequence", "")
        return Delivery(
            msg.subject, msg.data, headers, int(seq) if seq.isdecimal() else 0, msg.reply
        )

    @property
    def type(self) -> str | None:
        """The event's type from the header, or None if there is no such header."""
        return self.headers.get(codec.TYPE_HEADER)

    @property
    def is_copy(self) -> bool:
        """Whether the event was imported or replayed."""
        return codec.COPY_HEADER in self.headers

    def event(self) -> AnyEvent:
        """Return the event in it.

        Raises:
            codec.BadMessageError: the message is no event.
        """
        return codec.decode(self.data)

    def readable(self) -> AnyEvent | None:
        """Return the event in it, or None: it is of a newer version, or no event."""
        return codec.readable(self.data)


def message_of(kind: type[M], data: bytes, **fields: str) -> M | None:
    """Return the message of type *kind* in *data*, or log it and return None.

    *fields*: those of the log line.
    """
    try:
        return codec.decode_as(kind, data)
    except codec.BadMessageError:
        log.warning("message_malformed", kind=kind.__name__, **fields)
        return None
