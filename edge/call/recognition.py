"""Tracks the utterances of a session at the recogniser. Pure."""

from edge.core.call import Call
from schemas.events import Event, JobFailed, SpeechStarted, TranscriptFinal


class PendingUtterances:
    """The utterances of a session without words yet."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._begun: set[int] = set()

    @property
    def outstanding(self) -> int:
        return len(self._begun)

    @property
    def speaking(self) -> bool:
        """Return whether an utterance is open."""
        return self._call.listening

    def published(self, event: Event) -> None:
        if isinstance(event, SpeechStarted):
            self._begun.add(event.utterance)

    def note_event(self, event: Event) -> None:
        match event:
            case TranscriptFinal(utterance=told) | JobFailed(stage="stt", utterance=told):
                self._begun.discard(told)
            case _:
                pass
