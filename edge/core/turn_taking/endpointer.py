"""Decides when a turn ends: by its words, and by the caller's usual pauses."""

from edge.core.endpointing.adaptive_pause import AdaptivePause
from edge.core.endpointing.end_of_turn import (
    Evidence,
    by_words,
    is_finished,
    is_open,
    sounds_asked,
    wait_ms,
    waits_of,
)
from edge.core.response.requester import Requester
from edge.core.session.current_config import CurrentConfig
from edge.core.session.history import History
from schemas.events import TranscriptGuess
from schemas.session_config import Waits


class Endpointer:
    """Computes the silence that ends a turn, from its words and the caller's pauses."""

    def __init__(self, config: CurrentConfig, history: History, requester: Requester) -> None:
        self.pauses = AdaptivePause()
        self._history = history
        self._requester = requester
        self._config = config

    @property
    def _waits(self) -> Waits:
        return waits_of(self._config.current.turns)

    @property
    def _reads_words(self) -> bool:
        """Whether the wait depends on the words."""
        return self._waits.finished_ms < self._waits.unclear_ms

    @property
    def least_ms(self) -> int:
        """The least silence, ms, that ends a turn, whatever its words."""
        return self._waits.finished_ms

    def wait_ms(self, transcript: TranscriptGuess) -> int:
        """Return the silence, ms, that ends the turn whose last words are *transcript*."""
        known = self._evidence(transcript)
        least_ms = self.pauses.wait_ms
        if self._reads_words and not sounds_asked(known):
            least_ms = max(least_ms, self.pauses.this_turn_ms)
        return max(wait_ms(known, self._waits), least_ms)

    def may_be_over(self, transcript: TranscriptGuess) -> bool:
        """Tell whether the end of turn is likely enough for a speculative response."""
        return is_finished(self._evidence(transcript)) is not False

    def asks_model(self, transcript: TranscriptGuess) -> bool:
        """Tell whether the language model is asked for `eot_llm`, since it may change the wait."""
        may_ask = self._config.current.turns.ask_eot and self._reads_words
        return may_ask and is_open(self._evidence(transcript))

    def sounded_finished(self, transcript: TranscriptGuess | None) -> bool:
        """Tell whether *transcript* sounds like the end of a turn, by the words alone."""
        return bool(transcript and is_finished(by_words(self._evidence(transcript))))

    def _evidence(self, transcript: TranscriptGuess) -> Evidence:
        return Evidence(
            text=self._history.with_carried(transcript.text),
            eot_stt=transcript.eot_stt,
            eot_llm=self._requester.eot_llm,
            eot_llm_pending=self._requester.eot_pending,
            eot_audio=transcript.eot_audio,
            after_question=self._history.after_question,
            language=self._config.current.language,
        )
