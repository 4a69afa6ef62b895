"""The live sound of a running call: both sides aligned in time, left and right.

The bus carries the caller's sound only during speech. Aura's sound arrives before it is played, and
some of it is never played. Pure.
"""

from array import array

from schemas.audio import BYTES_PER_MS, AudioFrame, SpeechChunk

LISTENING_DELAY_MS = 400
"""The listener's delay, since audio of the present moment has not arrived yet."""


class _Side:
    """The audio of one side from a moment on, with silence in the gaps."""

    def __init__(self, from_ms: int) -> None:
        self._from_ms = from_ms
        self._pcm = bytearray()

    @property
    def until_ms(self) -> int:
        return self._from_ms + len(self._pcm) // BYTES_PER_MS

    def put(self, pcm: bytes, at_ms: int) -> None:
        """Add *pcm* at *at_ms*, or after the audio that is already there."""
        self._pcm += bytes(max(0, at_ms - self.until_ms) * BYTES_PER_MS)
        self._pcm += pcm

    def cut(self, at_ms: int) -> None:
        """Drop the audio after *at_ms*."""
        del self._pcm[max(0, at_ms - self._from_ms) * BYTES_PER_MS :]

    def read(self, until_ms: int) -> bytes:
        self._pcm += bytes(max(0, until_ms - self.until_ms) * BYTES_PER_MS)
        size = (until_ms - self._from_ms) * BYTES_PER_MS
        pcm = bytes(self._pcm[:size])
        del self._pcm[:size]
        self._from_ms = until_ms
        return pcm


class LiveSound:
    """Both sides of a call from *now_ms* on, Unix ms on the listener's clock."""

    def __init__(self, now_ms: int) -> None:
        self._read_ms = now_ms - LISTENING_DELAY_MS
        self._caller = _Side(self._read_ms)
        self._aura = _Side(self._read_ms)
        self._latest: tuple[int, int] = (0, -1)
        """The newest audio message of the caller, as (utterance, number)."""
        self._chunks: set[tuple[int, int, int]] = set()
        self._held: dict[int, bytearray] = {}
        """Audio of responses that are not committed yet, by turn."""
        self._certain = {0}
        """Turns whose response is committed; 0 is the greeting."""

    def caller(self, utterance: int, message: AudioFrame, now_ms: int) -> None:
        """Add an audio message of the caller."""
        if (utterance, message.seq) > self._latest:  # the bus may deliver a message twice
            self._latest = (utterance, message.seq)
            self._caller.put(message.pcm, now_ms - len(message.pcm) // BYTES_PER_MS)

    def speech(self, chunk: SpeechChunk, now_ms: int) -> None:
        """Add a chunk of a response."""
        name = (chunk.turn, chunk.index, chunk.chunk)
        if name in self._chunks:
            return
        self._chunks.add(name)
        if chunk.turn in self._certain:
            self._aura.put(chunk.pcm, now_ms)
        else:
            self._held.setdefault(chunk.turn, bytearray()).extend(chunk.pcm)

    def certain(self, turn: int, now_ms: int) -> None:
        """Note that the response of *turn* is committed."""
        self._certain.add(turn)
        if held := self._held.pop(turn, None):
            self._aura.put(bytes(held), now_ms)

    def cancelled(self, turn: int, now_ms: int) -> None:
        """Note that the response of *turn* was cancelled."""
        self._held.pop(turn, None)
        if turn in self._certain:
            self._certain.discard(turn)
            self._aura.cut(now_ms)

    def read(self, now_ms: int) -> bytes:
        """Return the sound since the last call: s16le stereo, the caller on the left."""
        until_ms = max(self._read_ms, now_ms - LISTENING_DELAY_MS)
        self._read_ms = until_ms
        left, right = self._caller.read(until_ms), self._aura.read(until_ms)
        both = array("h", bytes(2 * len(left)))
        both[0::2], both[1::2] = array("h", left), array("h", right)
        return both.tobytes()
