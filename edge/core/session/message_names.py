"""Keys of a conversation's messages, for adding, rewording and removing them. Pure.

A turn of the caller and its response have keys too: `turn_7` and `response_7`; words that are
entered without a turn have that of their utterance: `speech_7`. Clients' keys begin otherwise.
"""

from schemas.events import Message

_SPEECH = "speech_"


def turn_key(turn: int) -> str:
    """Return the key of the caller's words in *turn*."""
    return f"turn_{turn}"


def response_key(turn: int) -> str:
    """Return the key of the response to *turn*."""
    return f"response_{turn}"


def speech_key(utterance: int) -> str:
    """Return the key of the caller's words in *utterance*, which are no turn."""
    return f"{_SPEECH}{utterance}"


def is_speech(key: str) -> bool:
    """Return whether *key* is that of an utterance's words."""
    return key.startswith(_SPEECH)


class MessageNames:
    """Finds messages of a list by key; equal messages are told apart by identity."""

    def __init__(self, messages: list[Message]) -> None:
        self._messages = messages
        self._named: dict[str, Message] = {}
        self._removed: set[str] = set()
        """Keys that were removed before their messages were added."""

    def __contains__(self, key: object) -> bool:
        return key in self._named

    def give(self, key: str, message: Message) -> None:
        """Give *message* a key; it is removed if the key was removed before."""
        if key in self._removed:
            self._removed.discard(key)
            self._drop(message)
        else:
            self._named[key] = message

    def insert(self, key: str, message: Message, after: str | None) -> None:
        """Insert *message* after the one with the key *after*, at the front ("") or at the end."""
        index = len(self._messages)
        if after == "":
            index = 0
        elif after in self._named:
            index = self._index(self._named[after]) + 1
        self._messages.insert(index, message)
        self._named[key] = message

    def remove(self, key: str) -> None:
        """Remove a message, now or when it is added."""
        if message := self._named.pop(key, None):
            self._drop(message)
        else:
            self._removed.add(key)

    def reword(self, key: str, text: str) -> None:
        """Change the words of a message to *text*; without words it is removed."""
        message = self._named.get(key)
        if message is None:
            return
        if not text:
            self.remove(key)
        elif (index := self._index(message)) >= 0:
            self._messages[index] = self._named[key] = Message(message.role, text)

    def _index(self, message: Message) -> int:
        return next((n for n, candidate in enumerate(self._messages) if candidate is message), -1)

    def _drop(self, message: Message) -> None:
        if (index := self._index(message)) >= 0:
            del self._messages[index]
