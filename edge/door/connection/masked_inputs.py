"""Masks the private parts of a client's inputs before the call gets them. Pure."""

import typing
from collections.abc import Mapping

from msgspec.structs import replace

from edge.core.messages.inputs import FromClient, Input, ItemAdded, KeyPressed, ResponseRequested
from runtime.text.redaction import Redaction
from schemas.events import Message


def masked(command: FromClient, redaction: Redaction) -> FromClient | None:
    """Return *command* with masked words; None: it is hidden as a whole."""
    mask = redaction.mask
    match command:
        case KeyPressed():
            return None if redaction.hides_keys else command
        case ItemAdded(role="system"):  # words of the application
            return command
        case ResponseRequested(messages=tuple(messages)):
            hidden = tuple(Message(message.role, mask(message.text)) for message in messages)
            return replace(command, messages=hidden)
        case _:  # also a response, which may repeat words
            words = {name: mask(getattr(command, name)) for name in WORDS[type(command)]}
            return replace(command, **words)


WORDS: Mapping[type[Input], tuple[str, ...]] = {
    kind: tuple(
        name
        for name, hint in typing.get_type_hints(kind, include_extras=True).items()
        if hint is str
    )
    for kind in typing.get_args(FromClient)
}
"""The fields of each input that hold words: all texts except those of the type `Unmasked`."""
