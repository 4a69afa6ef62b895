"""Estimates the audio that the client plays during each frame of its microphone."""

from collections import deque

from edge.core.client_events import ClientEvent, Interrupted, Speech
from edge.core.hearing.framing import FRAME_BYTES, FRAME_MS, SILENCE
from schemas.audio import BYTES_PER_MS

TAIL_MS = 900
"""The longest time between a sound and its echo: buffers, loudspeaker, room."""
LINGERS_MS = 300
"""The longest time that a client plays on after it was told to stop, ms."""


class Playing:
    """The playback of one client."""

    def __init__(self) -> None:
        self._pieces: deque[tuple[int, bytes]] = deque()
        """Pieces with the start of their playback, Unix ms; s16le mono 16 kHz."""
        self._until_ms = 0
        """The end of the playback, Unix ms."""
        self._over_ms = 0
        """The end of its echo, Unix ms."""

    def note_sent(self, event: ClientEvent, now_ms: int) -> None:
        """Note the audio that the client plays, or drops before it was played."""
        if isinstance(event, Speech) and event.pcm:
            begins_ms = max(self._until_ms, now_ms)
            self._cut(begins_ms)
            self._pieces.append((begins_ms, event.pcm))
            self._until_ms = begins_ms + len(event.pcm) // BYTES_PER_MS
            self._over_ms = self._until_ms + TAIL_MS
        elif isinstance(event, Interrupted):
            self._cut(now_ms + LINGERS_MS)
            self._until_ms = min(self._until_ms, now_ms)
            self._over_ms = min(self._over_ms, now_ms + LINGERS_MS + TAIL_MS)

    def _cut(self, end_ms: int) -> None:
        remaining = [(at, pcm[: max(0, end_ms - at) * BYTES_PER_MS]) for at, pcm in self._pieces]
        self._pieces = deque((at, pcm) for at, pcm in remaining if pcm)

    def frame(self, ends_ms: int) -> bytes | None:
        """Return the audio played in the frame that ends then (640 bytes), or None without echo.

        Frames must be requested in order.
        """
        if ends_ms > self._over_ms:
            self._pieces.clear()
            return None
        begins_ms, found = ends_ms - FRAME_MS, b""
        while self._pieces and len(found) < FRAME_BYTES:
            at_ms, pcm = self._pieces[0]
            offset = (begins_ms - at_ms) * BYTES_PER_MS + len(found)
            if offset >= len(pcm):
                self._pieces.popleft()
                continue
            if offset < 0:
                found += bytes(min(-offset, FRAME_BYTES - len(found)))
                continue
            found += pcm[offset : offset + FRAME_BYTES - len(found)]
        return found.ljust(FRAME_BYTES, b"\0") if found else SILENCE
