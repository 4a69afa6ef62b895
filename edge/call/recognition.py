"""Tracks the utterances of a session at the recogniser. Pure."""

from collections.abc import Callable

from edge.core.call import Call
from schemas.events import Event, JobFailed, SpeechEnded, SpeechStarted, TranscriptFinal

LONGEST_OUTSTANDING_MS = 90_000
"""The longest time after its end for which an utterance counts, whatever became of it."""


class SessionRecognition:
    """The utterances of a session without words yet."""

    def __init__(self, call: Call, now_ms: Callable[[], int]) -> None:
        """Watch *call*; *now_ms* returns the Unix time, ms."""
        self._call = call
        self._now_ms = now_ms
        self._since_ms: dict[int, int] = {}
        """The beginning or the end of each, Unix ms."""

    @property
    def outstanding(self) -> int:
        since_ms = self._now_ms() - LONGEST_OUTSTANDING_MS
        return sum(at_ms > since_ms for at_ms in self._since_ms.values())

    @property
    def speaking(self) -> bool:
        """Return whether an utterance is open."""
        return self._call.listening

    def published(self, event: Event) -> None:
        match event:
            case SpeechStarted(utterance=number, at_ms=at_ms):
                self._since_ms[number] = at_ms
            case SpeechEnded(utterance=number, at_ms=at_ms) if number in self._since_ms:
                self._since_ms[number] = at_ms
            case _:
                pass

    def note_stored(self, event: Event) -> None:
        """Note a stored event of a stage or of the edge."""
        match event:
            case SpeechStarted(utterance=number, recorded=recorded) if "stt" in recorded:
                self._since_ms.pop(number, None)  # no worker takes it as a job
            case TranscriptFinal(utterance=number) | JobFailed(stage="stt", utterance=number):
                self._since_ms.pop(number, None)
            case _:
                pass
