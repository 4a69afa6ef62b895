"""Speech, pauses and silence from one yes or no a frame: a pure state machine.

The clock is the frame (20 ms).
"""

#   QUIET --onset--> SPEAKING --pause--> PAUSED --onset--> SPEAKING
#     ^                                    |
#     +------------- close() --------------+        (endpointing decides, not the ear)

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum, auto

from edge.core.hearing.framing import FRAME_MS


class Floor(Enum):
    """What the caller is doing."""

    QUIET = auto()
    SPEAKING = auto()
    PAUSED = auto()


class Heard(Enum):
    """What a frame changed."""

    STARTED = auto()
    PAUSED = auto()
    CONTINUED = auto()


@dataclass(frozen=True)
class Hearing:
    """The numbers of the ear, ms."""

    onset_ms: int = 80
    """Voiced sound within one and a half times as long that makes a start."""
    pause_ms: int = 100
    """Silence that makes a pause: recognition starts here."""
    continue_ms: int = 60
    """Voiced sound in the same time that ends a pause: less, for somebody is speaking."""

    @property
    def window_ms(self) -> int:
        return self.onset_ms * 3 // 2


class Ear:
    """Follows one caller."""

    def __init__(self, hearing: Hearing | None = None) -> None:
        self._set = hearing or Hearing()
        self._recent: deque[bool] = deque(maxlen=self._set.window_ms // FRAME_MS)
        self.floor = Floor.QUIET
        self.silence_ms = 0
        """Since the last voiced frame."""

    def step(self, voiced: bool) -> Heard | None:
        """Take the next frame and return what it changed."""
        self._recent.append(voiced)
        self.silence_ms = 0 if voiced else self.silence_ms + FRAME_MS
        recent_ms = sum(self._recent) * FRAME_MS
        match self.floor:
            case Floor.QUIET if recent_ms >= self._set.onset_ms:
                self.floor = Floor.SPEAKING
                return Heard.STARTED
            case Floor.SPEAKING:
                if self.silence_ms >= self._set.pause_ms:
                    self.floor = Floor.PAUSED
                    self._recent.clear()
                    return Heard.PAUSED
            case Floor.PAUSED if recent_ms >= self._set.continue_ms:
                self.floor = Floor.SPEAKING
                return Heard.CONTINUED
        return None

    def close(self) -> None:
        """Take the utterance for over."""
        self.floor = Floor.QUIET
        self._recent.clear()
