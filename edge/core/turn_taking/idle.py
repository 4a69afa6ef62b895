"""Handles a long silence: the model is asked to speak, or the caller whether they are there.

The two have separate settings, `turns.idle_ms` and `idle.after_s`. The first, chosen by a client,
is put off by any sound of the caller. The second, which ends the call, is only put off by words of
either side.
"""

from edge.core.session.current_config import CurrentConfig


class Idle:
    """The times of the last word and the last sound, Unix ms."""

    def __init__(self, config: CurrentConfig) -> None:
        self._config = config
        self._word_ms: int | None = None
        """None before the call begins."""
        self.asked = False
        """Whether the caller was asked whether they are there, and has not replied."""
        self.sound_ms: int | None = None
        """The latest time at which the caller spoke or heard a response, Unix ms.

        None if the model was asked to speak since, or nobody has spoken yet."""

    def note_word(self, now_ms: int) -> None:
        """Note a word of either side."""
        self._word_ms = now_ms

    def note_caller_word(self, now_ms: int) -> None:
        """Note a word of the caller, which also replies to the question."""
        self.note_word(now_ms)
        self.asked = False

    def stop(self) -> None:
        """Do not ask the model again until somebody has spoken."""
        self.sound_ms = None

    def silent_ms(self, now_ms: int) -> int:
        """Return the time without a word, ms."""
        return now_ms - (self._word_ms or now_ms)

    @property
    def response_due_ms(self) -> int | None:
        """The time to ask the model for a response, Unix ms, or None for never."""
        after_ms = self._config.current.turns.idle_ms
        return self.sound_ms + after_ms if after_ms and self.sound_ms is not None else None

    @property
    def question_due_ms(self) -> int | None:
        """The time to ask the caller or to end the call, Unix ms, or None for never."""
        after_ms = self._config.current.idle.after_s * 1000
        return self._word_ms + after_ms if after_ms and self._word_ms is not None else None
