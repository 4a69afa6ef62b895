"""What has arrived of a response: its sentences' words, their audio, sorted, and its end."""

from dataclasses import dataclass, field
from typing import NamedTuple

from edge.core.messages.inputs import ChunkSpoken
from schemas.audio import BYTES_PER_MS
from schemas.events import ResponseCompleted, ResponseSentence

MS_PER_LETTER = 65
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

    def add(self, chunk: ChunkSpoken) -> None:
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

    def words_until(self, end_bytes: int) -> int:
        """Return the number of words in its first *end_bytes*."""
        words = len((self.text or "").split(" "))
        if self.voiced:
            return words * end_bytes // len(self.pcm) if self.pcm else words
        length_bytes = max(len(self.pcm), len(self.text or "") * MS_PER_LETTER * BYTES_PER_MS)
        return min(words - 1, words * end_bytes // length_bytes) if length_bytes else 0


class Position(NamedTuple):
    """A position in a response."""

    sentence: int = 0
    before_ms: int = 0
    """The audio of the sentence before it."""
    words: int = 0
    """The number of the sentence's words before it."""


BEGINNING = Position()


class Sentences:
    """The sentences of a response, and the wait sound that was sent between them."""

    def __init__(self, start: Position = BEGINNING) -> None:
        """The part before *start* was heard on another connection."""
        self.start = start
        self.completed: ResponseCompleted | None = None
        """The end of the response, which tells the number of its sentences."""
        self.eot_llm: float | None = None
        """0..1: the model's probability of the end of turn, or None without one."""
        self._known: dict[int, Sentence] = {}
        self._wait_sound_bytes: dict[int, int] = {}
        """The wait sound that was sent before each sentence, bytes."""

    def at(self, index: int) -> Sentence:
        return self._known.setdefault(index, Sentence())

    def note(self, event: ResponseSentence) -> None:
        """Note the words of a sentence."""
        self.at(event.index).text = event.text
        if event.index == 0:
            self.eot_llm = event.eot_llm

    def mark_silent(self, index: int) -> None:
        """Mark sentence *index* as silent, since nothing in it can be spoken."""
        known = self.at(index)
        known.count = known.count or 0

    def has(self, index: int) -> bool:
        """Tell whether all audio of sentence *index* has arrived."""
        return index < self.start.sentence or (index in self._known and self._known[index].voiced)

    @property
    def written(self) -> int:
        """The number of sentences with missing ones, which is the index of the next sentence."""
        return (
            max((i for i, known in self._known.items() if known.text is not None), default=-1) + 1
        )

    @property
    def total(self) -> int | None:
        """The number of sentences of the whole response, or None while that is not known."""
        return self.completed.sentences if self.completed else None

    @property
    def all_whole(self) -> bool:
        """Whether all words and audio of the response have arrived."""
        if self.total is None:
            return False
        sentences = (self._known.get(i) for i in range(self.start.sentence, self.total))
        return all(known and known.text is not None and known.voiced for known in sentences)

    def wait_sound_bytes(self, index: int) -> int:
        """Return the bytes of the wait sound that were sent before sentence *index*."""
        return self._wait_sound_bytes.get(index, 0)

    def add_wait_sound(self, index: int, sent_bytes: int) -> None:
        """Note *sent_bytes* more of the wait sound before sentence *index*."""
        self._wait_sound_bytes[index] = self.wait_sound_bytes(index) + sent_bytes

    def find(self, played_bytes: int) -> tuple[int, int]:
        """Return the sentence and the position in it, bytes, after *played_bytes*.

        The position is negative in a wait sound before the sentence.
        """
        index = self.start.sentence
        left_bytes = self.start.before_ms * BYTES_PER_MS + played_bytes
        left_bytes -= self.wait_sound_bytes(index)
        while (known := self._known.get(index)) and known.voiced and left_bytes >= len(known.pcm):
            index += 1
            left_bytes -= len(known.pcm) + self.wait_sound_bytes(index)
        sent = self._wait_sound_bytes.items()
        self._wait_sound_bytes = {at: some for at, some in sent if at <= index}
        return index, left_bytes

    def text(self, until: int | None = None) -> str:
        """Return the words of the sentences before *until*; None: of all."""
        known = sorted(self._known.items())
        return " ".join(p.text for at, p in known if p.text and (until is None or at < until))

    def words(self, left_bytes: int) -> str:
        """Return the words in the first *left_bytes*."""
        words = []
        for index in range(max(self._known, default=-1) + 1):
            known = self._known.get(index)
            if known and index < self.start.sentence:
                words.append(known.text or "")
                continue
            if index == self.start.sentence:
                left_bytes += self.start.before_ms * BYTES_PER_MS
            left_bytes -= self.wait_sound_bytes(index)
            if known is None or known.text is None or left_bytes <= 0:
                break
            count = self.words_until(index, min(left_bytes, len(known.pcm)))
            words.append(" ".join(known.text.split(" ")[:count]))
            if not known.voiced:
                break
            left_bytes -= len(known.pcm)
        return " ".join(word for word in words if word)

    def words_until(self, index: int, end_bytes: int) -> int:
        """Return the number of words spoken in the first *end_bytes* of sentence *index*."""
        before = self.start.words if index == self.start.sentence else 0
        return max(before, self.at(index).words_until(end_bytes))
