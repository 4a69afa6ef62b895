"""The audio of a response: sorted, sent at the pace of listening, counted as heard."""

from typing import NamedTuple

from edge.core.hearing.playing import Playout
from edge.core.messages.client_events import Speech
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
        self.sentences = Sentences(start)
        """What has arrived."""
        self._delivery = voice.delivery
        self._chunk_bytes = voice.chunk_ms * BYTES_PER_MS
        self._next = start.sentence
        """The sentence that is sent next."""
        self._offset_bytes = start.before_ms * BYTES_PER_MS
        """The bytes of that sentence that were sent."""
        self._sent_words = start.words
        """The words of that sentence that were sent."""
        self._sent_bytes = 0
        self._most_bytes = 0
        """The most bytes that were sent before a rewind."""
        self._playout = Playout()
        self.wait_sound_before = -1
        """The sentence that ends the wait sound; -1: there is none."""

    # -------------------------------------------------------- from the client

    def played(self, played_ms: int, now_ms: int) -> None:
        """Take the client's report of the played audio, limited to the sent audio."""
        left_bytes = max(0, self._sent_bytes - played_ms * BYTES_PER_MS)
        self._playout = Playout(now_ms + left_bytes // BYTES_PER_MS)

    def rewind(self, now_ms: int, played_ms: int | None = None) -> None:
        """Rewind to the unplayed part, which is sent again.

        *played_ms* is the played audio as told by the client.
        """
        played_bytes = self._played_bytes(now_ms) // 2 * 2
        if played_ms is not None:
            played_bytes = min(played_ms * BYTES_PER_MS, self._most_bytes)
        self._next, offset_bytes = self.sentences.find(played_bytes)
        self._offset_bytes = max(0, offset_bytes)
        # no rest of a wait sound is sent again
        self._sent_bytes = played_bytes + self._offset_bytes - offset_bytes
        self._playout = Playout(now_ms)
        self._sent_words = self.sentences.words_until(self._next, self._offset_bytes)

    # -------------------------------------------------------- to the client

    def due(self, now_ms: int) -> Due:
        """Return the pieces to send now, in order, of a response that was not all sent."""
        if self._delivery == "whole":
            return self._whole(now_ms) if self.sentences.all_whole else Due()
        out: list[Speech] = []
        while self._ready() and self.until_ms - now_ms <= self._lead_ms:
            text, pcm = self._take()
            ends = self._next == self.sentences.total
            out.append(self._send(text, pcm, ends=ends, now_ms=now_ms))
            if self._delivery == "sentences":
                break
        return Due(tuple(out), out[-1].ends) if out else self._end_if_all_was_sent(now_ms)

    def due_at_ms(self, now_ms: int) -> int | None:
        """Return the time of the next piece if nothing else happens, or None if there is none.

        The response was not all sent.
        """
        if not (self._ready() or self.plays_wait_sound):
            return None
        return max(now_ms, self.until_ms - self._lead_ms)

    @property
    def _lead_ms(self) -> int:
        # the lead stays below PLAYBACK_LEAD_MS
        return PLAYBACK_LEAD_MS - 1 if self._delivery == "chunks" else 0

    def wait_sound_due(self, now_ms: int) -> list[Speech]:
        """Return the pieces of the wait sound to send now; none if words are ready."""
        out: list[Speech] = []
        if self._ready():
            return out
        while self.plays_wait_sound and self.until_ms - now_ms <= self._lead_ms:
            pcm = wait_sound.after(self.sentences.wait_sound_bytes(self._next))
            self.sentences.add_wait_sound(self._next, len(pcm))
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
            return self.sentences.all_whole
        sentence = self.sentences.at(self._next)
        if sentence.text is None:
            return False
        if self._delivery == "text":
            return True
        if self._delivery == "sentences" or sentence.voiced:
            return sentence.voiced
        enough = self._chunk_bytes if self._offset_bytes else FIRST_CHUNK_MS * BYTES_PER_MS
        return len(sentence.pcm) - self._offset_bytes >= enough

    def _whole(self, now_ms: int) -> Due:
        texts, pcm = [], b""
        while self._next < (self.sentences.total or 0):
            text, more = self._take()
            texts.append(text)
            pcm += more
        return Due((self._send(" ".join(texts), pcm, ends=True, now_ms=now_ms),), ends=True)

    def _take(self) -> tuple[str, bytes]:
        """Return the words and audio of the next piece of the current sentence, and go on."""
        sentence, start = self.sentences.at(self._next), self._offset_bytes
        streams = self._delivery == "chunks"
        end = min(start + self._chunk_bytes, len(sentence.pcm)) if streams else len(sentence.pcm)
        words, before = (sentence.text or "").split(" "), 0 if self.is_read else self._sent_words
        is_over = self.is_read or (sentence.voiced and end == len(sentence.pcm))
        over = len(words) if is_over else max(before, sentence.words_until(end))
        text = " ".join(words[before:over])
        if text and (streams or self.is_read) and (self._next or before):
            text = f" {text}"
        after = (self._next + 1, 0, 0) if is_over else (self._next, end, over)
        self._next, self._offset_bytes, self._sent_words = after
        return text, b"" if self.is_read else sentence.pcm[start:end]

    def _end_if_all_was_sent(self, now_ms: int) -> Due:
        """Send an empty last piece if the end became known only after the last audio."""
        if self.sentences.total is None or self._next < self.sentences.total:
            return Due()
        if self._delivery in {"chunks", "text"}:
            return Due((self._send("", b"", ends=True, now_ms=now_ms),), ends=True)
        return Due(ends=True)

    def _send(self, text: str, pcm: bytes, *, ends: bool, now_ms: int) -> Speech:
        self._playout.add(len(pcm), now_ms)
        self._sent_bytes += len(pcm)
        self._most_bytes = max(self._most_bytes, self._sent_bytes)
        return Speech(self.turn, text, pcm, ends)

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
        read = self.is_read and self._next > self.sentences.start.sentence
        return self._sent_bytes > 0 or self.sentences.start != BEGINNING or read

    @property
    def until_ms(self) -> int:
        """The time at which the client will have played the sent audio, Unix ms."""
        return self._playout.until_ms

    def played_ms(self, now_ms: int) -> int:
        """Return the audio that was heard by *now_ms*, ms."""
        return self._played_bytes(now_ms) // BYTES_PER_MS

    def _played_bytes(self, now_ms: int) -> int:
        # bytes, since a sentence is no whole number of ms and its last word ends with its last byte
        return max(0, self._sent_bytes - self._playout.left_bytes(now_ms))

    def heard(self, now_ms: int) -> str:
        """Return the words that were heard by *now_ms*."""
        if self._delivery == "text":
            return self.sentences.text(self._next)
        return self.sentences.words(self._played_bytes(now_ms))

    def heard_by(self, played_ms: int) -> str:
        """Return the words in the first *played_ms* of the audio, within the sent part."""
        return self.sentences.words(min(played_ms * BYTES_PER_MS, self._most_bytes))
