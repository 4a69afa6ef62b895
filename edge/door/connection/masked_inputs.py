"""Masks the private parts of a client's inputs before the call gets them. Pure."""

import typing
from collections.abc import Mapping

from msgspec.structs import replace

from edge.core.inputs import FromClient, Input, ItemAdded, KeyPressed, ResponseRequested
from runtime.text.redaction import Redaction
from schemas.events import Message


def masked(given: FromClient, redaction: Redaction) -> FromClient | None:
    """Return *given* with masked words; None: it is hidden as a whole."""
    mask = redaction.mask
    match given:
        case KeyPressed():
            return None if redaction.hides_keys else given
        case ItemAdded(role="system"):  # words of the application
            return given
        case ResponseRequested(messages=tuple(messages)):
            return replace(
                given, messages=tuple(Message(one.role, mask(one.text)) for one in messages)
            )
        case _:  # also a response, which may repeat words
            words = {name: mask(getattr(given, name)) for name in WORDS[type(given)]}
            return replace(given, **words)


WORDS: Mapping[type[Input], tuple[str, ...]] = {
    kind: tuple(
        name
        for name, hint in typing.get_type_hints(kind, include_extras=True).items()
        if hint is str
    )
    for kind in typing.get_args(FromClient)
}
"""The fields of each input that hold words: all texts except those of the type `Unmasked`."""
