"""Derives speech, pauses and silence from one verdict for each frame: a pure state machine.

The clock is the frame (20 ms).
"""

#   SILENT --onset--> SPEAKING --pause--> PAUSED --onset--> SPEAKING
#     ^                                     |
#     +-------------- close() --------------+        (endpointing ends an utterance)

from collections import deque
from enum import Enum, auto

from edge.core.hearing.framing import FRAME_MS

PAUSE_MS = 100
"""The silence that makes a pause, at which recognition starts."""
CONTINUE_MS = 60
"""The voiced audio within the same time that ends a pause; it is less than for an onset."""


class SpeechState(Enum):
    """The state of the caller's speech."""

    SILENT = auto()
    SPEAKING = auto()
    PAUSED = auto()


class SpeechChange(Enum):
    """A change of the state by a frame."""

    STARTED = auto()
    PAUSED = auto()
    CONTINUED = auto()


class SpeechDetector:
    """The detector of one caller."""

    def __init__(self, onset_ms: int) -> None:
        """Detect an onset by *onset_ms* of voice within one and a half times that time."""
        self.onset_ms = onset_ms
        self._recent: deque[bool] = deque(maxlen=onset_ms * 3 // 2 // FRAME_MS)
        self.state = SpeechState.SILENT
        self.silence_ms = 0
        """Silence since the last voiced frame."""

    def step(self, *, voiced: bool) -> SpeechChange | None:
        """Take the next frame, and return the change by it."""
        self._recent.append(voiced)
        self.silence_ms = 0 if voiced else self.silence_ms + FRAME_MS
        recent_ms = sum(self._recent) * FRAME_MS
        match self.state:
            case SpeechState.SILENT if recent_ms >= self.onset_ms:
                self.state = SpeechState.SPEAKING
                return SpeechChange.STARTED
            case SpeechState.SPEAKING if self.silence_ms >= PAUSE_MS:
                return self.pause()
            case SpeechState.PAUSED if recent_ms >= CONTINUE_MS:
                self.state = SpeechState.SPEAKING
                return SpeechChange.CONTINUED
            case _:
                return None

    def pause(self) -> SpeechChange:
        """Assume that the caller is silent from here on."""
        self.state = SpeechState.PAUSED
        self._recent.clear()
        return SpeechChange.PAUSED

    def close(self) -> None:
        """End the utterance."""
        self.state = SpeechState.SILENT
        self._recent.clear()
