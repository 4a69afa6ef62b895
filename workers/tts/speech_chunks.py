"""Cuts the audio of a sentence into chunks: the first is short, and the last can be marked. Pure.

Equal pieces of audio always give equal chunks, since a redelivered job sends the same chunks again.
"""

from collections.abc import Iterator

from schemas.audio import BYTES_PER_MS, BYTES_PER_S, FIRST_CHUNK_MS

LATER_CHUNK_BYTES = 500 * BYTES_PER_MS
"""The least length of later chunks, since a message costs about the same whatever its size."""
MOST_CHUNK_BYTES = BYTES_PER_S
"""The largest chunk: a message of the audio stream has 64 KiB at most."""
TAIL_BYTES = 5 * BYTES_PER_MS
"""The audio that is kept back, so that the last chunk can be marked."""
FIRST_CHUNK_BYTES = FIRST_CHUNK_MS * BYTES_PER_MS + TAIL_BYTES
"""The audio that the first chunk waits for; it is short, since the caller waits in silence."""


class ChunkCutter:
    """Cuts one sentence's audio as it comes."""

    def __init__(self) -> None:
        self.rest = b""
        """The audio after the latest chunk; at the end, the last chunk."""
        self._size = FIRST_CHUNK_BYTES

    @property
    def wanted(self) -> int:
        """Bytes that the next chunk still needs."""
        return self._size - len(self.rest)

    def cut(self, pcm: bytes) -> Iterator[bytes]:
        """Yield the chunks that *pcm* completes; a tail is kept back."""
        self.rest += pcm
        while len(self.rest) > self._size:
            size = min(len(self.rest) - TAIL_BYTES, MOST_CHUNK_BYTES)
            chunk, self.rest = self.rest[:size], self.rest[size:]
            self._size = LATER_CHUNK_BYTES
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
