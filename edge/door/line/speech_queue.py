"""A queue of speech that is sent in frames, and the sent part of each response. Pure."""

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

from edge.core.hearing.framing import FRAME_MS
from edge.core.messages.client_events import Interrupted, Speech

MOST_CATCH_UP_S = 0.2
"""The most audio, seconds, that a late loop catches up; the rest becomes a pause."""


@dataclass
class _Waiting:
    """The waiting part of a piece of a response."""

    turn: int
    pcm: bytes
    ends: bool


class Sent(NamedTuple):
    """A piece of speech was sent to its end."""

    turn: int
    played_ms: int
    """The sent audio of the response so far."""
    ends: bool
    """Whether the response is complete."""


class SpeechQueue:
    """The speech that waits for one client: s16le mono."""

    def __init__(self, rate_hz: int) -> None:
        self._bytes_per_ms = 2 * rate_hz // 1000
        self._frame_bytes = self._bytes_per_ms * FRAME_MS
        self._waiting: deque[_Waiting] = deque()
        self._turn = 0
        self._sent_bytes = 0
        """The sent audio of the response to that turn."""
        self.rest_waits = False
        """Whether the last frame was put off, since there was too little audio for it."""

    def __bool__(self) -> bool:
        return bool(self._waiting)

    @property
    def position(self) -> Sent:
        """Return the sent part of the current response."""
        if self._waiting and self._waiting[0].turn != self._turn:
            return Sent(self._waiting[0].turn, 0, ends=False)
        return Sent(self._turn, self._sent_bytes // self._bytes_per_ms, ends=False)

    def tell(self, event: Speech | Interrupted) -> None:
        """Queue speech, or drop the queue."""
        match event:
            case Speech(turn=turn, pcm=pcm, ends=ends):
                if pcm or ends:
                    self._waiting.append(_Waiting(turn, pcm, ends))
            case Interrupted(turn=turn, played_ms=played_ms):
                self._waiting.clear()
                self._turn, self._sent_bytes = turn, played_ms * self._bytes_per_ms

    def pop_frame(self) -> tuple[bytes, list[Sent]]:
        """Return the next frame, and the pieces of speech that end in it.

        Audio that is too short for a frame is put off once, since more may come. Silence fills the
        frame the next time, or at once if the audio ends a response.
        """
        enough = sum(len(piece.pcm) for piece in self._waiting) >= self._frame_bytes
        if not (enough or self.rest_waits or any(piece.ends for piece in self._waiting)):
            self.rest_waits = bool(self._waiting)
            return b"", []
        frame, sent = b"", []
        while self._waiting:
            first = self._waiting[0]
            size = self._frame_bytes - len(frame)
            if first.pcm and not size:
                break
            taken, first.pcm = first.pcm[:size], first.pcm[size:]
            frame += taken
            if first.turn != self._turn:
                self._turn, self._sent_bytes = first.turn, 0
            self._sent_bytes += len(taken)
            if first.pcm:
                break
            self._waiting.popleft()
            sent.append(Sent(first.turn, self._sent_bytes // self._bytes_per_ms, first.ends))
            if first.ends:
                break
        self.rest_waits = not frame and bool(self._waiting)
        if frame:
            frame += bytes(self._frame_bytes - len(frame))
        return frame, sent
