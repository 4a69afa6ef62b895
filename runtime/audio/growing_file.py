"""A file that is read while it is written; read bytes are dropped.

    OPEN, ENDED --end--> ENDED
    FELL_IDLE --end--> FELL_IDLE
    OPEN --fall idle--> FELL_IDLE

One thread reads and waits for bytes; any thread writes.
"""

import io
import threading
from collections.abc import Callable, Mapping
from enum import Enum, auto

from runtime.audio.containers import Container, mp4_bytes
from runtime.moves import moved

MOST_WAITING_BYTES = 16_000_000
"""The most bytes that wait for the reader: twice the longest message."""
IDLE_S = 0.4
"""The time without data after which a FLAC file ends: its parser keeps back some ten frames."""


class FilePhase(Enum):
    """Whether more bytes may come."""

    OPEN = auto()
    ENDED = auto()
    """No more bytes are taken; the waiting bytes are still read."""
    FELL_IDLE = auto()
    """The same, because no data came."""


class FileMove(Enum):
    """The moves between phases."""

    END = auto()
    FALL_IDLE = auto()


OPEN, ENDED, FELL_IDLE = FilePhase

FILE_MOVES: Mapping[tuple[FilePhase, FileMove], FilePhase] = {
    (OPEN, FileMove.END): ENDED,
    (ENDED, FileMove.END): ENDED,
    (FELL_IDLE, FileMove.END): FELL_IDLE,
    (OPEN, FileMove.FALL_IDLE): FELL_IDLE,
}


class GrowingFile:
    """A growing file for one reading thread."""

    def __init__(
        self, container: Container, begins: bytes = b"", waits: Callable[[], None] = lambda: None
    ) -> None:
        """Begin the file; the reader calls *waits* before it waits for more bytes."""
        self.container = container
        self._waits = waits
        self._idle_s = IDLE_S if container is Container.FLAC else None
        self._waiting = bytearray(begins)
        self._phase = OPEN
        self._changed = threading.Condition()

    @property
    def fell_idle(self) -> bool:
        """Whether the file ended because no data came."""
        return self._phase is FELL_IDLE

    @property
    def waiting_bytes(self) -> int:
        """The bytes that are not read yet."""
        return len(self._waiting)

    def write(self, data: bytes) -> bool:
        """Append *data* unless the file has ended; return False if too many bytes wait."""
        with self._changed:
            if self._phase is not OPEN:
                return True
            self._waiting += data
            self._changed.notify()
            return len(self._waiting) <= MOST_WAITING_BYTES

    def end(self, *, at_once: bool = False) -> None:
        """End the file; *at_once* also drops the bytes that wait."""
        with self._changed:
            self._move(FileMove.END)
            if at_once:
                self._waiting.clear()
            self._changed.notify()

    def read(self, size: int) -> bytes:
        """Return the next bytes, *size* at most, or b"" at the end."""
        while self._is_awaited():
            self._waits()  # outside the lock, since it may take time
            with self._changed:
                if self._is_awaited() and not self._changed.wait(self._idle_s):
                    self._note_silence()
        with self._changed:
            data = bytes(self._waiting[:size])
            del self._waiting[:size]
            return data

    def _note_silence(self) -> None:
        """End a file without data in time, unless some came at the last moment."""
        if self._is_awaited():
            self._move(FileMove.FALL_IDLE)

    def _is_awaited(self) -> bool:
        """Tell whether a reader has to wait."""
        with self._changed:
            return not self._waiting and self._phase is OPEN

    def _move(self, move: FileMove) -> None:
        self._phase = moved(FILE_MOVES, self._phase, move)

    def whole(self) -> io.BytesIO | None:
        """Return an MP4 that must be read as a whole, or None if it can be read as it arrives."""
        with self._changed:
            while (needed := mp4_bytes(self._waiting)) is None or needed > len(self._waiting):
                if self._phase is not OPEN:
                    break
                self._changed.wait()
            return None if needed == 0 else io.BytesIO(self._waiting)
