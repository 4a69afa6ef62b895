"""The audio of a response: sorted, sent at the pace of listening, counted as heard."""

from typing import NamedTuple

from edge.core.client_events import Speech
from edge.core.inputs import ChunkSpoken
from edge.core.response import wait_sound
from edge.core.response.sentence import BEGINNING, Position, Sentences
from schemas.audio import BYTES_PER_MS, FIRST_CHUNK_MS
from schemas.session_config import VoiceConfig

PLAYBACK_LEAD_MS = 190
"""The lead of a stream of chunks over the playback, so that a slow network causes no gap."""


class Due(NamedTuple):
    """What is sent now."""

    pieces: tuple[Speech, ...] = ()
    ends: bool = False
    """Whether the client then has all of the response. The last piece may have been sent before."""


class Playback:
    """The playback of one response to one client.

    A client is assumed to play audio as it arrives, piece after piece, unless it tells otherwise.
    The phase of the response says whether all was sent (`response.py`): after that nothing is due
    before the next `rewind`.
    """

    def __init__(self, turn: int, voice: VoiceConfig, start: Position = BEGINNING) -> None:
        """Begin at *start*; the part before it was heard on another connection."""
        self.turn = turn
        self._start = start
        self._delivery = voice.delivery
        self._chunk_bytes = voice.chunk_ms * BYTES_PER_MS
        self._sentences = Sentences(start)
        self._total: int | None = None
        self._next = start.sentence
        """The sentence that is sent next."""
        self._offset_bytes = start.before_ms * BYTES_PER_MS
        """The bytes of that sentence that were sent."""
        self._sent_words = start.words
        """The words of that sentence that were sent."""
        self._sent_bytes = 0
        self._most_bytes = 0
        """The most bytes that were sent before a rewind."""
        self._until_ms = 0
        """The time at which the client will have played all sent audio, Unix ms."""
        self.wait_sound_before = -1
        """The sentence that ends the wait sound; -1: there is none."""

    # -------------------------------------------------------- from the stages and the client

    def add_sentence(self, index: int, text: str) -> None:
        self._sentences.at(index).text = text

    def add_chunk(self, chunk: ChunkSpoken) -> None:
        self._sentences.at(chunk.index).add(chunk)

    def mark_silent(self, index: int) -> None:
        """Mark sentence *index* as silent, since nothing in it can be spoken."""
        part = self._sentences.at(index)
        part.count = part.count or 0

    def note_end(self, sentences: int) -> None:
        self._total = sentences

    def played(self, played_ms: int, now_ms: int) -> None:
        """Take the client's report of the played audio, limited to the sent audio."""
        left_bytes = max(0, self._sent_bytes - played_ms * BYTES_PER_MS)
        self._until_ms = now_ms + left_bytes // BYTES_PER_MS

    def rewind(self, now_ms: int, played_ms: int | None = None) -> None:
        """Rewind to the unplayed part, which is sent again.

        *played_ms* is the played audio as told by the client.
        """
        played_bytes = self._played_bytes(now_ms) // 2 * 2
        if played_ms is not None:
            played_bytes = min(played_ms * BYTES_PER_MS, self._most_bytes)
        self._next, offset_bytes = self._sentences.find(played_bytes)
        self._offset_bytes = max(0, offset_bytes)
        # no rest of a wait sound is sent again
        self._sent_bytes = played_bytes + self._offset_bytes - offset_bytes
        self._until_ms = now_ms
        self._sent_words = self._sentences.words_until(self._next, self._offset_bytes)

    def has(self, index: int) -> bool:
        """Tell whether all audio of sentence *index* has arrived."""
        return self._sentences.has(index)

    def all_of(self, sentences: int) -> bool:
        """Tell whether the first *sentences* sentences were sent."""
        return self._next >= sentences

    # -------------------------------------------------------- to the client

    def due(self, now_ms: int) -> Due:
        """Return the pieces to send now, in order, of a response that was not all sent."""
        match self._delivery:
            case "whole":
                return self._whole(now_ms)
            case "sentences":
                return self._sentence(now_ms)
            case "chunks":
                return self._stream(now_ms)
            case "text":
                return self._words_alone(now_ms)

    def due_at_ms(self, now_ms: int) -> int | None:
        """Return the time of the next piece if nothing else happens, or None if there is none.

        The response was not all sent.
        """
        if not (self._ready() or self.plays_wait_sound):
            return None
        if self._delivery == "text":
            return now_ms
        return max(now_ms, self._until_ms - self._lead_ms)

    @property
    def _lead_ms(self) -> int:
        return (
            PLAYBACK_LEAD_MS - 1 if self._delivery == "chunks" else 0
        )  # the lead stays below PLAYBACK_LEAD_MS

    def wait_sound_due(self, now_ms: int) -> list[Speech]:
        """Return the pieces of the wait sound to send now; none if words are ready."""
        out: list[Speech] = []
        if self._ready():
            return out
        while self.plays_wait_sound and self._until_ms - now_ms <= self._lead_ms:
            pcm = wait_sound.after(self._sentences.wait_sound_bytes(self._next))
            self._sentences.add_wait_sound(self._next, len(pcm))
            out.append(self._send("", pcm, ends=False, now_ms=now_ms))
        return out

    @property
    def plays_wait_sound(self) -> bool:
        """Whether the wait sound plays while no words are ready."""
        if self._delivery not in {"sentences", "chunks"}:
            return False
        return self._next <= self.wait_sound_before and not self._offset_bytes

    def _ready(self) -> bool:
        if self._delivery == "whole":
            return self.complete
        part = self._sentences.at(self._next)
        if part.text is None:
            return False
        if self._delivery == "text":
            return True
        if self._delivery == "sentences" or part.voiced:
            return part.voiced
        enough = self._chunk_bytes if self._offset_bytes else FIRST_CHUNK_MS * BYTES_PER_MS
        return len(part.pcm) - self._offset_bytes >= enough

    @property
    def complete(self) -> bool:
        """Whether all audio of the response has arrived."""
        return self._total is not None and self._sentences.all_whole(self._total)

    def _whole(self, now_ms: int) -> Due:
        if not self.complete:
            return Due()
        texts, pcm = [], b""
        while self._next < (self._total or 0):
            text, more = self._rest()
            texts.append(text)
            pcm += more
        return Due((self._send(" ".join(texts), pcm, ends=True, now_ms=now_ms),), ends=True)

    def _sentence(self, now_ms: int) -> Due:
        if now_ms < self._until_ms or not self._ready():
            return self._end_if_all_was_sent(now_ms)
        text, pcm = self._rest()
        ends = self._next == self._total
        return Due((self._send(text, pcm, ends=ends, now_ms=now_ms),), ends)

    def _rest(self) -> tuple[str, bytes]:
        """Return the remaining words and audio of the current sentence, and go on to the next."""
        part, offset, sent = self._sentences.at(self._next), self._offset_bytes, self._sent_words
        self._next, self._offset_bytes, self._sent_words = self._next + 1, 0, 0
        return " ".join((part.text or "").split(" ")[sent:]), part.pcm[offset:]

    def _stream(self, now_ms: int) -> Due:
        out: list[Speech] = []
        ends = False
        while self._until_ms - now_ms < PLAYBACK_LEAD_MS and self._ready():
            part = self._sentences.at(self._next)
            start = self._offset_bytes
            end = min(start + self._chunk_bytes, len(part.pcm))
            over = max(self._sent_words, part.words_until(end))
            text = " ".join((part.text or "").split(" ")[self._sent_words : over])
            if text and (self._next or self._sent_words):
                text = f" {text}"
            self._offset_bytes, self._sent_words = end, over
            if part.voiced and end >= len(part.pcm):
                self._next, self._offset_bytes, self._sent_words = self._next + 1, 0, 0
            ends = self._next == self._total
            out.append(self._send(text, part.pcm[start:end], ends=ends, now_ms=now_ms))
        return Due(tuple(out), ends) if out else self._end_if_all_was_sent(now_ms)

    def _words_alone(self, now_ms: int) -> Due:
        out: list[Speech] = []
        ends = False
        while self._ready():
            text = self._sentences.at(self._next).text or ""
            text = f" {text}" if self._next else text
            self._next += 1
            ends = self._next == self._total
            out.append(self._send(text, b"", ends=ends, now_ms=now_ms))
        return Due(tuple(out), ends) if out else self._end_if_all_was_sent(now_ms)

    def _end_if_all_was_sent(self, now_ms: int) -> Due:
        """Send an empty last piece if the end became known only after the last audio."""
        if self._total is None or self._next < self._total:
            return Due()
        if self._delivery in {"chunks", "text"}:
            return Due((self._send("", b"", ends=True, now_ms=now_ms),), ends=True)
        return Due(ends=True)

    def _send(self, text: str, pcm: bytes, *, ends: bool, now_ms: int) -> Speech:
        length_ms = len(pcm) // BYTES_PER_MS
        self._until_ms = max(self._until_ms, now_ms) + length_ms
        self._sent_bytes += len(pcm)
        self._most_bytes = max(self._most_bytes, self._sent_bytes)
        return Speech(self.turn, text, pcm, ends)

    def unspoken(self) -> Speech:
        """Return the words without audio, for a client that gets them though the voice failed."""
        return Speech(self.turn, self._sentences.text(), b"", ends=True)

    # -------------------------------------------------------- what was heard

    @property
    def reached(self) -> int:
        """The first sentence that was not completely sent."""
        return self._next

    @property
    def position(self) -> Position:
        """The position of the next piece."""
        return Position(self._next, self._offset_bytes // BYTES_PER_MS, self._sent_words)

    @property
    def is_read(self) -> bool:
        """Whether the client only reads the response."""
        return self._delivery == "text"

    @property
    def begun(self) -> bool:
        """Whether some of it was heard or read, on this connection or an earlier one."""
        read = self.is_read and self._next > self._start.sentence
        return self._sent_bytes > 0 or self._start != BEGINNING or read

    @property
    def until_ms(self) -> int:
        """The time at which the client will have played the sent audio, Unix ms."""
        return self._until_ms

    def played_ms(self, now_ms: int) -> int:
        """Return the audio that was heard by *now_ms*, ms."""
        return self._played_bytes(now_ms) // BYTES_PER_MS

    def _played_bytes(self, now_ms: int) -> int:
        # bytes, since a sentence is no whole number of ms and its last word ends with its last byte
        return max(0, self._sent_bytes - max(0, self._until_ms - now_ms) * BYTES_PER_MS)

    def heard(self, now_ms: int) -> str:
        """Return the words that were heard by *now_ms*."""
        if self._delivery == "text":
            return self._sentences.text(self._next)
        return self._sentences.words(self._played_bytes(now_ms))

    def heard_by(self, played_ms: int) -> str:
        """Return the words in the first *played_ms* of the audio, within the sent part."""
        return self._sentences.words(min(played_ms * BYTES_PER_MS, self._most_bytes))
