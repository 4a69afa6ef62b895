"""Speech, pauses and silence from one verdict a frame: a pure state machine.

The clock is the frame (20 ms).
"""

#   SILENT --onset--> SPEAKING --pause--> PAUSED --onset--> SPEAKING
#     ^                                     |
#     +-------------- close() --------------+        (endpointing ends an utterance, not this)

from __future__ import annotations

from collections import deque
from enum import Enum, auto

from edge.core.hearing.framing import FRAME_MS

PAUSE_MS = 100
"""Silence that makes a pause: recognition starts here."""
CONTINUE_MS = 60
"""Voiced audio in as much time that ends a pause: less than an onset, for somebody is speaking."""


class SpeechState(Enum):
    """What the caller is doing."""

    SILENT = auto()
    SPEAKING = auto()
    PAUSED = auto()


class SpeechChange(Enum):
    """What a frame changed."""

    STARTED = auto()
    PAUSED = auto()
    CONTINUED = auto()


class SpeechDetector:
    """Follows one caller."""

    def __init__(self, onset_ms: int) -> None:
        """Take *onset_ms* of voice within one and a half times as long for a start."""
        self.onset_ms = onset_ms
        self._recent: deque[bool] = deque(maxlen=onset_ms * 3 // 2 // FRAME_MS)
        self.state = SpeechState.SILENT
        self.silence_ms = 0
        """Since the last voiced frame."""

    def step(self, *, voiced: bool) -> SpeechChange | None:
        """Take the next frame and return what it changed."""
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
        """Take the caller for silent from here on."""
        self.state = SpeechState.PAUSED
        self._recent.clear()
        return SpeechChange.PAUSED

    def close(self) -> None:
        """Take the utterance for over."""
        self.state = SpeechState.SILENT
        self._recent.clear()
