"""A silence that lasts: the model is asked to speak, or the caller whether they are there.

The two are set apart, as `turns.idle_ms` and `idle.after_s`. Any sound of the caller puts off the
first, which a client wants; only a word of either side puts off the second, which ends the call.
"""

from __future__ import annotations

from schemas.session_config import SessionConfig


class Idle:
    """The times of the last word and the last sound, Unix ms."""

    def __init__(self, config: SessionConfig) -> None:
        self._config = config
        self._word_ms: int | None = None
        """None: the call has not begun."""
        self._sound_ms: int | None = None
        """None: the model was asked to speak since, or nobody has spoken yet."""

    def configure(self, config: SessionConfig) -> None:
        """Decide by *config* from here on."""
        self._config = config

    def word(self, now_ms: int) -> None:
        """Note a word of either side."""
        self._word_ms = now_ms

    def sound(self, now_ms: int) -> None:
        """Note that the caller speaks, or hears a response, until *now_ms*."""
        self._sound_ms = now_ms

    def stop(self) -> None:
        """Have the model asked no more until somebody has spoken."""
        self._sound_ms = None

    def silent_ms(self, now_ms: int) -> int:
        """Return how long nobody has said a word, ms."""
        return now_ms - (self._word_ms or now_ms)

    @property
    def response_due_ms(self) -> int | None:
        """When the model is to be asked for a response, Unix ms; None: never."""
        after_ms = self._config.turns.idle_ms
        return self._sound_ms + after_ms if after_ms and self._sound_ms is not None else None

    @property
    def question_due_ms(self) -> int | None:
        """When the caller is to be asked, or the call ends, Unix ms; None: never."""
        after_ms = self._config.idle.after_s * 1000
        return self._word_ms + after_ms if after_ms and self._word_ms is not None else None
