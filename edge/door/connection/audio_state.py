"""The handling of a session's audio: a pure state machine.

    HEARS --refuse file--> SKIPS
    SKIPS --accept file--> HEARS
    HEARS, SKIPS --end--> ENDED

A compressed file for which there is no memory is skipped to its end.
"""

from collections.abc import Mapping
from enum import Enum, auto


class AudioState(Enum):
    """The handling of a session's audio."""

    HEARS = auto()
    SKIPS = auto()
    """The rest of the current compressed file is dropped."""
    ENDED = auto()


class AudioMove(Enum):
    """The moves between states."""

    REFUSE_FILE = auto()
    ACCEPT_FILE = auto()
    END = auto()


HEARS, SKIPS, ENDED = AudioState

AUDIO_MOVES: Mapping[tuple[AudioState, AudioMove], AudioState] = {
    (HEARS, AudioMove.REFUSE_FILE): SKIPS,
    (SKIPS, AudioMove.ACCEPT_FILE): HEARS,
    (HEARS, AudioMove.END): ENDED,
    (SKIPS, AudioMove.END): ENDED,
}
