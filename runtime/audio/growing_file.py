"""A file that is read while it is written; read bytes are dropped.

    OPEN, ENDED --end--> ENDED
    STALLED --end--> STALLED
    OPEN --stall--> STALLED

One thread reads and waits for bytes; any thread writes.
"""

import io
import threading
from collections.abc import Callable, Mapping
from enum import Enum, auto

from runtime.audio.containers import Container, mp4_bytes
from runtime.audio.flac import FlacMetadata
from runtime.moves import moved

MOST_WAITING_BYTES = 16_000_000
"""The most bytes that wait for the reader: twice the longest message."""
STALLED_S = 0.4
"""The time without data after which a FLAC file ends: its parser keeps back some ten frames. A file
whose metadata is not complete can only wait."""


class FilePhase(Enum):
    """Whether more bytes may come."""

    OPEN = auto()
    ENDED = auto()
    """No more bytes are taken; the waiting bytes are still read."""
    STALLED = auto()
    """The same, because no data came."""


class FileMove(Enum):
    """The moves between phases."""

    END = auto()
    STALL = auto()


OPEN, ENDED, STALLED = FilePhase

FILE_MOVES: Mapping[tuple[FilePhase, FileMove], FilePhase] = {
    (OPEN, FileMove.END): ENDED,
    (ENDED, FileMove.END): ENDED,
    (STALLED, FileMove.END): STALLED,
    (OPEN, FileMove.STALL): STALLED,
}


class GrowingFile:
    """A growing file for one reading thread."""

    def __init__(
        self, container: Container, begins: bytes = b"", waits: Callable[[], None] = lambda: None
    ) -> None:
        """Begin the file; the reader calls *waits* before it waits for more bytes."""
        self.container = container
        self._waits = waits
        self._metadata = FlacMetadata() if container is Container.FLAC else None
        self._waiting = bytearray()
        self._phase = OPEN
        self._changed = threading.Condition()
        self.write(begins)

    @property
    def stalled(self) -> bool:
        """Whether the file ended because no data came."""
        return self._phase is STALLED

    @property
    def waiting_bytes(self) -> int:
        """The bytes that are not read yet."""
        return len(self._waiting)

    @property
    def is_full(self) -> bool:
        """Whether more bytes wait than may."""
        return self.waiting_bytes > MOST_WAITING_BYTES

    def write(self, data: bytes) -> bool:
        """Append *data*; return False, and take none of it, if the file has ended."""
        with self._changed:
            if self._phase is not OPEN:
                return False
            if self._metadata:
                self._metadata.feed(data)
            self._waiting += data
            self._changed.notify()
            return True

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
                if self._is_awaited() and not self._changed.wait(self._stalled_s):
                    self._note_silence()
        with self._changed:
            data = bytes(self._waiting[:size])
            del self._waiting[:size]
            return data

    @property
    def _stalled_s(self) -> float | None:
        """The time without data after which the file ends; None: it waits."""
        return STALLED_S if self._metadata and self._metadata.is_over else None

    def _note_silence(self) -> None:
        """End a file without data in time, unless some came at the last moment."""
        if self._is_awaited():
            self._move(FileMove.STALL)

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
