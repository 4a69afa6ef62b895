"""Decides which pieces of a client's compressed files are decoded: a pure state machine.

    HEARS --refuse file--> SKIPS
    SKIPS --accept file--> HEARS
    HEARS, SKIPS --end--> ENDED

A file for which there is no memory is skipped to its end.
"""

from collections.abc import Mapping
from enum import Enum, auto

from edge.door.limits.common_bounds import DECODER_BYTES
from runtime.common_share import ShareAccount
from runtime.moves import moved


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


class Verdict(Enum):
    """What becomes of a piece of a file."""

    DECODE = auto()
    SKIP = auto()
    """It belongs to a file that was refused."""
    REFUSE = auto()
    """There is no memory: all that waits is dropped, and the client is told."""


DECODE, SKIP, REFUSE = Verdict


class FileAdmission:
    """The files of one session, within the memory for compressed audio and decoders."""

    def __init__(self, memory: ShareAccount) -> None:
        self.state = HEARS
        self._memory = memory

    def admit(self, size_bytes: int, waiting_bytes: int, *, begins: bool) -> Verdict:
        """Return what becomes of *size_bytes* of a file, while *waiting_bytes* wait to be decoded.

        *begins*: the piece begins a file.
        """
        if self.state is SKIPS and not begins:
            return SKIP
        more = waiting_bytes + size_bytes + DECODER_BYTES - self._memory.amount
        if more > 0 and not self._memory.fits(more):
            self._memory.give_all_back()
            if self.state is HEARS:
                self._move(AudioMove.REFUSE_FILE)
            return REFUSE
        if more > 0:
            self._memory.take(more)
        else:
            self._memory.give_back(-more)
        if self.state is SKIPS:
            self._move(AudioMove.ACCEPT_FILE)
        return DECODE

    def end(self) -> None:
        """Hold no memory: the session has ended."""
        self._move(AudioMove.END)
        self._memory.give_all_back()

    def _move(self, move: AudioMove) -> None:
        self.state = moved(AUDIO_MOVES, self.state, move)
