"""One sentence of a response: its words, and its audio sorted as it arrives."""

from dataclasses import dataclass, field

from edge.core.inputs import ChunkSpoken
from schemas.audio import BYTES_PER_MS

MS_A_LETTER = 65
"""The assumed audio for each letter, ms, of a sentence whose end has not arrived."""


@dataclass
class Sentence:
    """One sentence of a response: its words, and the audio that has arrived."""

    text: str | None = None
    count: int | None = None
    """The number of chunks, known once the last chunk has arrived."""
    pcm: bytes = b""
    """The audio of all chunks before the first missing one."""
    joined: int = 0
    """The number of joined chunks."""
    early: dict[int, bytes] = field(default_factory=dict)
    """Chunks, by number, that arrived before an earlier one."""

    def take(self, chunk: ChunkSpoken) -> None:
        if chunk.last:
            self.count = chunk.chunk + 1
        if chunk.chunk >= self.joined:
            self.early.setdefault(chunk.chunk, chunk.pcm)
        while (pcm := self.early.pop(self.joined, None)) is not None:
            self.pcm += pcm
            self.joined += 1

    @property
    def voiced(self) -> bool:
        """Whether all audio has arrived."""
        return self.count is not None and self.joined >= self.count

    def words_until(self, at: int) -> int:
        """Return the number of words in its first *at* bytes."""
        words = len((self.text or "").split(" "))
        if self.voiced:
            return words * at // len(self.pcm) if self.pcm else words
        length = max(len(self.pcm), len(self.text or "") * MS_A_LETTER * BYTES_PER_MS)
        return min(words - 1, words * at // length) if length else 0

    @property
    def whole(self) -> bool:
        """Whether all audio and the words have arrived."""
        return self.text is not None and self.voiced
