"""Cuts the recorded audio of both sides into pieces, each with its time."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from edge.core.hearing.playing import Playing
from edge.core.messages.client_events import ClientEvent
from schemas.audio import BYTES_PER_MS, RecordedSound, SoundSide

RECORDED_PIECE_MS = 5000
"""The piece length: about so much is lost with a killed edge. A piece costs as much CPU as 50 ms of
a call."""
MOST_PIECE_BYTES = 7000 * BYTES_PER_MS
"""The size limit of a piece; the stream takes messages of 256 KiB."""
LOOK_MS, GAP_MS = 1000, 60
"""The time for which all audio must be late to count as a gap; else it is jitter."""
MOST_LATE_MS = 1 << 40
"""The lateness before any audio came."""
RECORDED_PAUSE_MS = 500
"""Shorter pauses in a response are recorded as silence, which costs less than more pieces."""


@dataclass
class _Track:
    """Audio without a gap, not yet cut into pieces."""

    pcm: bytearray = field(default_factory=bytearray)
    from_ms: int = 0
    """Unix time, ms, of its first sample."""
    seq: int = 0
    """Pieces cut so far."""

    @property
    def until_ms(self) -> int:
        return self.from_ms + len(self.pcm) // BYTES_PER_MS

    def cut_all(self) -> Iterator[RecordedSound]:
        """Yield the audio in pieces of MOST_PIECE_BYTES at most."""
        while self.pcm:
            pcm = bytes(self.pcm[:MOST_PIECE_BYTES])
            del self.pcm[:MOST_PIECE_BYTES]
            yield RecordedSound(seq=self.seq, from_ms=self.from_ms, pcm=pcm)
            self.from_ms += len(pcm) // BYTES_PER_MS
            self.seq += 1


@dataclass
class AudioRecorder:
    """The audio of one connection: the caller's, and the responses played to them."""

    _caller: _Track = field(default_factory=_Track)
    _caller_until_ms: int = 0
    """The end of the caller's audio so far, Unix ms."""
    _client: _Track = field(default_factory=_Track)
    _playing: Playing = field(default_factory=Playing)
    """Audio that was sent to the client and is not recorded yet."""
    _cut: list[RecordedSound] = field(default_factory=list)
    """Pieces of the caller before a gap."""
    _late_ms: int = MOST_LATE_MS
    """Least lateness of the audio of the last LOOK_MS."""
    _look_ms: int = 0
    """Time of the next check for a gap."""
    _take_ms: int = 0
    """Time at which the next pieces are due."""

    def note_received(self, pcm: bytes, now_ms: int) -> bool:
        """Keep audio of the caller that ends now; return whether `take` is due.

        It runs for every frame: a microsecond here is a thousandth of a call's cost.
        """
        length_ms = len(pcm) // BYTES_PER_MS
        if not self._look_ms:
            self._caller.from_ms = self._caller_until_ms = now_ms - length_ms
            self._look_ms = now_ms + LOOK_MS
        late_ms = now_ms - length_ms - self._caller_until_ms
        self._late_ms = min(self._late_ms, late_ms)
        if now_ms >= self._look_ms:
            self._look(now_ms)
        self._caller.pcm += pcm
        self._caller_until_ms += length_ms
        return self._is_due(now_ms)

    def _is_due(self, now_ms: int) -> bool:
        if not self._take_ms:
            self._take_ms = now_ms + RECORDED_PIECE_MS
        return now_ms >= self._take_ms

    def _look(self, now_ms: int) -> None:
        """Leave a gap if all audio of the last second was late, since some is missing before it."""
        if self._late_ms > GAP_MS:
            self._cut += self._caller.cut_all()
            self._caller.from_ms += self._late_ms
            self._caller_until_ms += self._late_ms
        self._late_ms, self._look_ms = MOST_LATE_MS, now_ms + LOOK_MS

    def note_sent(self, event: ClientEvent, now_ms: int) -> bool:
        """Keep the audio of a response; return whether `take` is due.

        An interrupted client drops what it has not played.
        """
        self._playing.note_sent(event, now_ms)
        return self._is_due(now_ms)

    def take(self, now_ms: int, *, ended: bool = False) -> list[tuple[SoundSide, RecordedSound]]:
        """Return the pieces up to now: of responses, the played ones, or all if *ended*."""
        self._take_ms = now_ms + RECORDED_PIECE_MS
        found: list[tuple[SoundSide, RecordedSound]] = [("caller", piece) for piece in self._cut]
        self._cut = []
        found += [("caller", piece) for piece in self._caller.cut_all()]
        found += [("client", piece) for piece in self._played(now_ms, ended=ended)]
        return found

    def _played(self, now_ms: int, *, ended: bool) -> Iterator[RecordedSound]:
        """Yield the played pieces; a gap ends a piece."""
        track, waiting = self._client, deque[tuple[int, bytes]]()
        for start_ms, pcm in self._playing.pieces:
            is_played = start_ms + len(pcm) // BYTES_PER_MS <= now_ms
            if not (is_played or ended):
                waiting.append((start_ms, pcm))
                continue
            gap_ms = start_ms - track.until_ms
            if track.pcm and 0 < gap_ms <= RECORDED_PAUSE_MS:
                track.pcm += bytes(gap_ms * BYTES_PER_MS)
            elif gap_ms > 0:
                yield from track.cut_all()
                track.from_ms = start_ms
            track.pcm += pcm if is_played else pcm[: max(0, now_ms - start_ms) * BYTES_PER_MS]
        self._playing.pieces = waiting
        yield from track.cut_all()
