"""Names of a conversation's messages, by which a client puts in, rewords and takes out. Pure.

A turn of the caller and its response have names, too: `turn_7` and `response_7`.
"""

from __future__ import annotations

from schemas.events import Message


def turn_key(turn: int) -> str:
    """Return the name of what the caller said in *turn*."""
    return f"turn_{turn}"


def response_key(turn: int) -> str:
    """Return the name of the response to *turn*."""
    return f"response_{turn}"


class MessageNames:
    """Finds messages of a list by name; two may say the same, so identity counts."""

    def __init__(self, messages: list[Message]) -> None:
        self._messages = messages
        self._named: dict[str, Message] = {}
        self._removed: set[str] = set()
        """Names that were removed before their messages came."""

    def __contains__(self, key: object) -> bool:
        return key in self._named

    def give(self, key: str, message: Message) -> None:
        """Name *message*; it goes if that name was taken out before."""
        if key in self._removed:
            self._removed.discard(key)
            self._drop(message)
        else:
            self._named[key] = message

    def insert(self, key: str, message: Message, after: str | None) -> None:
        """Put *message* behind the one named *after*, to the front ("") or to the end."""
        place = len(self._messages)
        if after == "":
            place = 0
        elif after in self._named:
            place = self._place(self._named[after]) + 1
        self._messages.insert(place, message)
        self._named[key] = message

    def remove(self, key: str) -> None:
        """Remove a message; one that has not come yet is removed when it comes."""
        if message := self._named.pop(key, None):
            self._drop(message)
        else:
            self._removed.add(key)

    def reword(self, key: str, text: str) -> None:
        """Give a message the words *text*; without any it is removed."""
        message = self._named.get(key)
        if message is None:
            return
        if not text:
            self.remove(key)
        elif (place := self._place(message)) >= 0:
            self._messages[place] = self._named[key] = Message(message.role, text)

    def _place(self, message: Message) -> int:
        return next((n for n, one in enumerate(self._messages) if one is message), -1)

    def _drop(self, message: Message) -> None:
        if (place := self._place(message)) >= 0:
            del self._messages[place]
