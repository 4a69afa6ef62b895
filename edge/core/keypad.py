"""Telephone keys, collected until a number is complete and then told to the language model."""

QUIET_MS = 2000
"""The time without a key after which a number is complete."""
END_KEY = "#"
"""The key that ends a number at once."""
MOST_KEYS = 64
"""The most keys of a number; of more keys, the last ones count."""


class Keypad:
    """The keys of a call that the model was not told yet."""

    def __init__(self) -> None:
        self._keys = ""
        self.due_ms: int | None = None
        """The time to tell the keys, Unix ms, or None if there are none."""

    def press(self, keys: str, now_ms: int) -> None:
        """Add *keys*: 0-9, *, # and A-D."""
        if not keys:
            return
        self._keys = (self._keys + keys)[-MOST_KEYS:]
        self.due_ms = now_ms if keys.endswith(END_KEY) else now_ms + QUIET_MS

    def pop(self) -> str:
        """Return the text about the keys for the model, and clear them."""
        keys, self._keys, self.due_ms = self._keys, "", None
        return f"[keys pressed: {keys}]"
