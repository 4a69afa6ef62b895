"""The sound of a running call as its listener hears it: both sides in their time, left and right.

The caller's is on the bus only while they speak; Aura's comes ahead of its time, and some of it is
never heard. Pure.
"""

from __future__ import annotations

from array import array

from schemas.audio import BYTES_PER_MS, AudioFrame, SpeechChunk

LATE_MS = 400
"""The delay of the listener: audio of this moment is still on its way."""


class _Side:
    """One side from a moment on, silence where nothing was put."""

    def __init__(self, from_ms: int) -> None:
        self._from_ms = from_ms
        self._pcm = bytearray()

    @property
    def until_ms(self) -> int:
        return self._from_ms + len(self._pcm) // BYTES_PER_MS

    def put(self, pcm: bytes, at_ms: int) -> None:
        """Put *pcm* at *at_ms*, or behind what is there already."""
        self._pcm += bytes(max(0, at_ms - self.until_ms) * BYTES_PER_MS)
        self._pcm += pcm

    def cut(self, at_ms: int) -> None:
        """Drop what is later than *at_ms*."""
        del self._pcm[max(0, at_ms - self._from_ms) * BYTES_PER_MS :]

    def take(self, until_ms: int) -> bytes:
        self._pcm += bytes(max(0, until_ms - self.until_ms) * BYTES_PER_MS)
        size = (until_ms - self._from_ms) * BYTES_PER_MS
        taken = bytes(self._pcm[:size])
        del self._pcm[:size]
        self._from_ms = until_ms
        return taken


class LiveSound:
    """Both sides of one call from *now_ms* on, Unix ms on the listener's clock."""

    def __init__(self, now_ms: int) -> None:
        self._taken_ms = now_ms - LATE_MS
        self._caller = _Side(self._taken_ms)
        self._aura = _Side(self._taken_ms)
        self._frames: tuple[int, int] = (0, -1)
        """The newest frame: utterance and number."""
        self._chunks: set[tuple[int, int, int]] = set()
        self._held: dict[int, bytearray] = {}
        """Of responses that are not certain yet, by turn."""
        self._certain = {0}
        """Turns whose response may be heard; 0 is the greeting."""

    def caller(self, utterance: int, frame: AudioFrame, now_ms: int) -> None:
        """Take what the caller just said."""
        if (utterance, frame.seq) > self._frames:  # a frame may be sent again
            self._frames = (utterance, frame.seq)
            self._caller.put(frame.pcm, now_ms - len(frame.pcm) // BYTES_PER_MS)

    def speech(self, chunk: SpeechChunk, now_ms: int) -> None:
        """Take a piece of a response."""
        name = (chunk.turn, chunk.index, chunk.chunk)
        if name in self._chunks:
            return
        self._chunks.add(name)
        if chunk.turn in self._certain:
            self._aura.put(chunk.pcm, now_ms)
        else:
            self._held.setdefault(chunk.turn, bytearray()).extend(chunk.pcm)

    def certain(self, turn: int, now_ms: int) -> None:
        """Note that the response of *turn* is heard from here on."""
        self._certain.add(turn)
        if held := self._held.pop(turn, None):
            self._aura.put(bytes(held), now_ms)

    def cancelled(self, turn: int, now_ms: int) -> None:
        """Note that nobody hears the rest of the response of *turn*."""
        self._held.pop(turn, None)
        if turn in self._certain:
            self._certain.discard(turn)
            self._aura.cut(now_ms)

    def take(self, now_ms: int) -> bytes:
        """Return what was heard since the last time: s16le stereo, the caller on the left."""
        until_ms = max(self._taken_ms, now_ms - LATE_MS)
        self._taken_ms = until_ms
        left, right = self._caller.take(until_ms), self._aura.take(until_ms)
        both = array("h", bytes(2 * len(left)))
        both[0::2], both[1::2] = array("h", left), array("h", right)
        return both.tobytes()
