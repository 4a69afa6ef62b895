"""Telephone keys, collected until a number is complete and then passed to the language model."""

from edge.core.messages.effects import Outbox
from edge.core.turn_taking.idle import Idle
from schemas import events as ev

QUIET_MS = 2000
"""The time without a key after which a number is complete."""
END_KEY = "#"
"""The key that ends a number at once."""
MOST_NUMBER_KEYS = 64
"""The most keys of a number; of more keys, the last ones count."""


class Keypad:
    """The keys of a call that the model does not have yet."""

    def __init__(self, idle: Idle, out: Outbox) -> None:
        self._idle = idle
        self._out = out
        self._keys = ""
        self.due_ms: int | None = None
        """The time to tell the keys, Unix ms, or None if there are none."""

    def press(self, keys: str, now_ms: int) -> None:
        """Add *keys*: 0-9, *, # and A-D. Pressing keys counts as a word of the caller."""
        self._out.publish(ev.KeysPressed(**self._out.head(now_ms), keys=keys))
        self._idle.note_caller_word(now_ms)
        if not keys:
            return
        self._keys = (self._keys + keys)[-MOST_NUMBER_KEYS:]
        self.due_ms = now_ms if keys.endswith(END_KEY) else now_ms + QUIET_MS

    def is_due(self, now_ms: int) -> bool:
        """Tell whether there are keys to tell."""
        return self.due_ms is not None and now_ms >= self.due_ms

    def pop(self) -> str:
        """Return the text about the keys for the model, and clear them."""
        keys, self._keys, self.due_ms = self._keys, "", None
        return f"[keys pressed: {keys}]"
