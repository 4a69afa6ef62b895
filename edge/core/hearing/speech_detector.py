"""Derives speech, pauses and silence from one verdict for each frame: a pure state machine.

    SILENT --started--> SPEAKING
    SPEAKING --paused--> PAUSED
    PAUSED --continued--> SPEAKING

The clock is the frame (20 ms). Endpointing ends an utterance, and the next one has a new detector.
"""

from collections import deque
from collections.abc import Mapping
from enum import Enum, auto

from edge.core.hearing.framing import FRAME_MS
from runtime.moves import moved

PAUSE_MS = 100
"""The silence that makes a pause, at which recognition starts."""
CONTINUE_MS = 60
"""The voiced audio within the same time that ends a pause, whatever starts an utterance."""


class SpeechState(Enum):
    """The state of the caller's speech."""

    SILENT = auto()
    SPEAKING = auto()
    PAUSED = auto()


class SpeechChange(Enum):
    """A change of the state."""

    STARTED = auto()
    PAUSED = auto()
    CONTINUED = auto()


SILENT, SPEAKING, PAUSED = SpeechState

SPEECH_MOVES: Mapping[tuple[SpeechState, SpeechChange], SpeechState] = {
    (SILENT, SpeechChange.STARTED): SPEAKING,
    (SPEAKING, SpeechChange.PAUSED): PAUSED,
    (PAUSED, SpeechChange.CONTINUED): SPEAKING,
}


class SpeechDetector:
    """The detector of one utterance."""

    def __init__(self, onset_ms: int) -> None:
        """Detect an onset by *onset_ms* of voice within one and a half times that time.

        Within `CONTINUE_MS` if that is longer, since a pause ends by as much voice.
        """
        self.onset_ms = onset_ms
        window_ms = max(onset_ms * 3 // 2, CONTINUE_MS)
        self._recent: deque[bool] = deque(maxlen=window_ms // FRAME_MS)
        self.state = SILENT
        self.silence_ms = 0
        """Silence since the last voiced frame."""

    def feed(self, *, voiced: bool) -> SpeechChange | None:
        """Return the change by the next frame."""
        self._recent.append(voiced)
        if not voiced:
            self.silence_ms += FRAME_MS
            pauses = self.state is SPEAKING and self.silence_ms >= PAUSE_MS
            return self.pause() if pauses else None
        self.silence_ms = 0
        if self.state is SPEAKING:
            return None
        recent_ms = sum(self._recent) * FRAME_MS
        if self.state is SILENT and recent_ms >= self.onset_ms:
            return self._changed(SpeechChange.STARTED)
        if self.state is PAUSED and recent_ms >= CONTINUE_MS:
            return self._changed(SpeechChange.CONTINUED)
        return None

    def pause(self) -> SpeechChange:
        """Assume that a caller who speaks is silent from here on."""
        self._recent.clear()
        return self._changed(SpeechChange.PAUSED)

    def _changed(self, change: SpeechChange) -> SpeechChange:
        self.state = moved(SPEECH_MOVES, self.state, change)
        return change
