"""Cuts the audio of a sentence into chunks of fixed lengths, whatever the engine's pieces. Pure.

A redelivered job sends its chunks again and the edge joins them by number, so chunk *n* must be the
same stretch of the sentence each time. How an engine's audio arrives differs from try to try: a
server's pieces are what the network read.

A chunk is half as long as all chunks before it. An engine at 0.7 of real time keeps up with the
listener, and at most a third of the audio waits for the end of its chunk.
"""

from collections.abc import Iterator
from itertools import chain, repeat

from schemas.audio import BYTES_PER_MS, BYTES_PER_S, FIRST_CHUNK_MS

GROWING_CHUNKS_MS = (FIRST_CHUNK_MS, 100, 150, 225, 338, 506, 760)
"""The lengths of the first chunks; the first is short, since the caller waits in silence."""
MOST_CHUNK_BYTES = BYTES_PER_S
"""The length of all later chunks: a message of the audio stream has 64 KiB at most."""


class ChunkCutter:
    """Cuts one sentence's audio as it comes."""

    def __init__(self) -> None:
        self.rest = b""
        """The audio after the latest chunk; at the end, the last chunk."""
        growing = (ms * BYTES_PER_MS for ms in GROWING_CHUNKS_MS)
        self._sizes = chain(growing, repeat(MOST_CHUNK_BYTES))
        self._size = next(self._sizes)

    @property
    def wanted(self) -> int:
        """Bytes that the next chunk still needs."""
        return self._size - len(self.rest)

    def cut(self, pcm: bytes) -> Iterator[bytes]:
        """Yield the chunks that *pcm* completes; the last is kept back, so that it is marked."""
        self.rest += pcm
        while len(self.rest) > self._size:
            chunk, self.rest = self.rest[: self._size], self.rest[self._size :]
            self._size = next(self._sizes)
            yield chunk


def next_audio(pieces: Iterator[bytes], least: int) -> bytes:
    """Return more than *least* bytes of the next audio, or the rest, or b"" at the end.

    An engine's pieces are small, and a return to the event loop for each cost 10 ms a sentence.
    """
    audio = bytearray()
    for piece in pieces:
        audio += piece
        if len(audio) > least:
            break
    return bytes(audio)


def chunks_of(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the chunks of a whole sentence."""
    cutter = ChunkCutter()
    while more := next_audio(pieces, cutter.wanted):
        yield from cutter.cut(more)
    if cutter.rest:
        yield cutter.rest
