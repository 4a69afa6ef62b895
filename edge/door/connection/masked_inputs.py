"""Masks the private parts of a client's inputs before the call gets them. Pure."""

from typing import assert_never

from msgspec.structs import replace

from edge.core.inputs import (
    Cancelled,
    ClientToolResult,
    FromClient,
    ItemAdded,
    ItemRemoved,
    KeyPressed,
    Played,
    ResponseRequested,
    Truncated,
    TurnDiscarded,
    TurnEnded,
    Typed,
)
from runtime.text.redaction import Redaction
from schemas.events import Message


def masked(given: FromClient, redaction: Redaction) -> FromClient | None:
    """Return *given* with masked words; None: it is hidden as a whole.

    A new type of input must be named here, with its words or among the types without words.
    """
    mask = redaction.mask
    match given:
        case Typed(text):
            return replace(given, text=mask(text))
        case ItemAdded(role="user" | "assistant", text=text):  # a response may repeat words
            return replace(given, text=mask(text))
        case ResponseRequested(messages=tuple(messages)):
            return replace(
                given, messages=tuple(Message(one.role, mask(one.text)) for one in messages)
            )
        case KeyPressed():
            return None if redaction.hides_keys else given
        case ItemAdded() | ClientToolResult():  # words of the application
            return given
        case (
            ResponseRequested()
            | ItemRemoved()
            | TurnEnded()
            | TurnDiscarded()
            | Cancelled()
            | Played()
            | Truncated()
        ):
            return given
        case _:
            assert_never(given)
