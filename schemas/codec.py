"""Events and audio to bytes and back: MessagePack maps, decoded to their types."""

from typing import Any, TypeVar, get_args

import msgpack
import msgspec

from schemas.events import SCHEMA_VERSION, AnyEvent, Event, tag

TYPE_HEADER = "Aura-Type"
SCHEMA_HEADER = "Aura-Schema"
TRACE_HEADER = "traceparent"
COPY_HEADER = "Aura-Copy"
"""Header of an imported or replayed event: the original session. Such an event is no job."""
AGAIN_HEADER = "Aura-Again"
"""Header of a job that an operator retried: the sequence of the original event."""
ID_HEADER = "Nats-Msg-Id"
FENCE_HEADER = "Nats-Expected-Last-Subject-Sequence"
"""Header of a message that is stored only if this is the newest sequence of its subject."""

Headers = dict[str, str]
"""The headers of a message of NATS."""

KNOWN_TYPES = frozenset(map(tag, get_args(AnyEvent)))
"""The tags of the events of this version."""

_S = TypeVar("_S", bound=msgspec.Struct)
_PACKER = msgpack.Packer()
"""Used for all messages: each packer takes 256 KiB."""


class BadMessageError(ValueError):
    """The bytes are no message of the contract; a retry never helps."""


class UnknownTypeError(BadMessageError):
    """An event of a type that this version does not know; a newer one reads it."""


def encode(message: msgspec.Struct) -> bytes:
    """Return *message* as a MessagePack map; bytes stay bytes."""
    packed: bytes = _PACKER.pack(msgspec.to_builtins(message, builtin_types=(bytes,)))
    return packed


def decode(data: bytes) -> AnyEvent:
    """Return the event in *data*, without the fields that this version does not know.

    Raises:
        UnknownTypeError: an event of a newer version.
        BadMessageError: not MessagePack, or a field missing or of a wrong type.
    """
    fields = _unpacked(data)
    name = fields.get("type") if isinstance(fields, dict) else None
    if isinstance(name, str) and name not in KNOWN_TYPES:
        raise UnknownTypeError(f"no event of this version: {name[:64]}")
    event: AnyEvent = _converted(fields, AnyEvent)
    return event


def readable(data: bytes) -> AnyEvent | None:
    """Return the event in *data*, or None: it is of a newer version, or no event."""
    try:
        return decode(data)
    except BadMessageError:
        return None


def decode_as(kind: type[_S], data: bytes) -> _S:
    """Return the audio or partial message of type *kind* in *data*.

    Raises:
        BadMessageError: not MessagePack, or a field missing or of a wrong type.
    """
    message: _S = _converted(_unpacked(data), kind)
    return message


def headers(event: Event) -> Headers:
    """Return the NATS headers of *event*: id, type, schema version."""
    return {
        ID_HEADER: event.id,
        TYPE_HEADER: tag(event),
        SCHEMA_HEADER: str(SCHEMA_VERSION),
    }


def _unpacked(data: bytes) -> Any:
    try:
        return msgpack.unpackb(data)
    except (ValueError, TypeError, RecursionError, msgpack.UnpackException) as error:
        raise BadMessageError(f"not MessagePack: {error}") from error


def _converted(fields: Any, to: Any) -> Any:
    try:
        return msgspec.convert(fields, to)
    except (ValueError, TypeError, RecursionError) as error:
        raise BadMessageError(f"not a message of the contract: {error}") from error
