"""What a client plays, estimated: piece after piece, each as it arrives or after the one before.

Three ask for it. A response asks how much of it was played, and corrects that by the client's
reports (`response/playback.py`); the echo canceller and the recorder of the call ask which audio
was played when, over all responses (`echo.py`, `edge/call/audio_recorder.py`).
"""

from collections import deque
from dataclasses import dataclass, field

from edge.core.hearing.framing import FRAME_BYTES, FRAME_MS
from edge.core.messages.client_events import ClientEvent, Interrupted, Speech
from schemas.audio import BYTES_PER_MS

TAIL_MS = 900
"""The longest time between a sound and its echo: buffers, loudspeaker, room."""


@dataclass
class Playout:
    """The time until which a client plays, Unix ms."""

    until_ms: int = 0

    def add(self, audio_bytes: int, now_ms: int) -> int:
        """Add a piece that is sent now, and return the start of its playback, Unix ms."""
        begins_ms = max(self.until_ms, now_ms)
        self.until_ms = begins_ms + audio_bytes // BYTES_PER_MS
        return begins_ms

    def left_bytes(self, now_ms: int) -> int:
        """Return the audio that is still to be played, bytes."""
        return max(0, self.until_ms - now_ms) * BYTES_PER_MS


@dataclass
class Playing:
    """The pieces that one client plays."""

    lingers_ms: int = 0
    """The time that the client plays on after it was told to stop, unless more comes."""
    pieces: deque[tuple[int, bytes]] = field(default_factory=deque)
    """Pieces with the start of their playback, Unix ms; s16le mono 16 kHz."""
    _playout: Playout = field(default_factory=Playout)

    def note_sent(self, event: ClientEvent, now_ms: int) -> None:
        """Note the audio that the client plays, or drops before it was played."""
        if isinstance(event, Speech) and event.pcm:
            begins_ms = self._playout.add(len(event.pcm), now_ms)
            if self.lingers_ms:
                self._cut(begins_ms)
            self.pieces.append((begins_ms, event.pcm))
        elif isinstance(event, Interrupted):
            self._playout.until_ms = min(self._playout.until_ms, now_ms)
            self._cut(now_ms + self.lingers_ms)

    def _cut(self, end_ms: int) -> None:
        remaining = [(at, pcm[: max(0, end_ms - at) * BYTES_PER_MS]) for at, pcm in self.pieces]
        self.pieces = deque((at, pcm) for at, pcm in remaining if pcm)

    def frame(self, ends_ms: int) -> bytes | None:
        """Return the audio played in the frame that ends then (640 bytes), or None without echo.

        Frames must be requested in order; the pieces before them are dropped.
        """
        last_ms, last = self.pieces[-1] if self.pieces else (0, b"")
        if ends_ms > last_ms + len(last) // BYTES_PER_MS + TAIL_MS:
            self.pieces.clear()
            return None
        begins_ms, found = ends_ms - FRAME_MS, b""
        while len(self.pieces) > 1 and self.pieces[1][0] <= begins_ms:
            self.pieces.popleft()
        for at_ms, pcm in self.pieces:
            offset = (begins_ms - at_ms) * BYTES_PER_MS + len(found)
            found += bytes(min(max(0, -offset), FRAME_BYTES - len(found)))
            offset = max(0, offset)
            found += pcm[offset : offset + FRAME_BYTES - len(found)]
            if len(found) == FRAME_BYTES:
                break
        return found.ljust(FRAME_BYTES, b"\0")
