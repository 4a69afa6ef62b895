"""Keys of a telephone, collected until a number is whole and then told to the language model."""

from __future__ import annotations

QUIET_MS = 2000
"""The time without a key after which a number is whole."""
END_KEY = "#"
"""The key that ends a number at once."""
MOST_KEYS = 64
"""The longest number, in keys; of more, the last ones count."""


class Keypad:
    """The keys of one call that the model has not been told yet."""

    def __init__(self) -> None:
        self._keys = ""
        self.due_ms: int | None = None
        """When they are to be told, Unix ms; None: there are none."""

    def press(self, keys: str, now_ms: int) -> None:
        """Take *keys*, of 0-9, *, # and A-D."""
        if not keys:
            return
        self._keys = (self._keys + keys)[-MOST_KEYS:]
        self.due_ms = now_ms if keys.endswith(END_KEY) else now_ms + QUIET_MS

    def take(self) -> str:
        """Return what the model is told of them, and forget them."""
        keys, self._keys, self.due_ms = self._keys, "", None
        return f"[keys pressed: {keys}]"
