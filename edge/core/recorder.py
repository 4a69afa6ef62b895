"""The sound of both sides, where it is to be kept: cut into pieces, each with its time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from edge.core.notices import Interrupted, Notice, Speak
from schemas.audio import BYTES_PER_MS, RecordedSound

Side = Literal["caller", "client"]
PIECE_MS = 5000
"""A piece is stored this often: what a killed edge forgets at most. Each costs as much as 50 ms of
a call, so there are few of them."""
PIECE_BYTES = PIECE_MS * BYTES_PER_MS
LOOK_MS, GAP_MS = 1000, 60
"""A client that is silent for longer, and sends nothing, leaves a gap; the network is late only
for a moment."""
MOST_LATE_MS = 1 << 40


@dataclass
class _Track:
    """Sound that follows each other without a gap, not yet a piece."""

    pcm: bytearray = field(default_factory=bytearray)
    from_ms: int = 0
    """Unix time, ms, of its first sample."""
    seq: int = 0
    """Pieces cut so far."""

    @property
    def until_ms(self) -> int:
        return self.from_ms + len(self.pcm) // BYTES_PER_MS

    def cut(self, size: int) -> RecordedSound:
        """Return the first *size* bytes as a piece."""
        piece = RecordedSound(seq=self.seq, from_ms=self.from_ms, pcm=bytes(self.pcm[:size]))
        del self.pcm[:size]
        self.from_ms += len(piece.pcm) // BYTES_PER_MS
        self.seq += 1
        return piece


@dataclass
class Recorder:
    """One connection's sound: what the caller said, and what was played to them."""

    _caller: _Track = field(default_factory=_Track)
    _client: _Track = field(default_factory=_Track)
    _playing: list[tuple[int, bytes]] = field(default_factory=list)
    """What the client was sent: when it begins to play (Unix ms), s16le mono 16 kHz."""
    _until_ms: int = 0
    _cut: list[RecordedSound] = field(default_factory=list)
    """Pieces of the caller before a gap."""
    _late_ms: int = MOST_LATE_MS
    """How late the sound of the last LOOK_MS came at least."""
    _looked_ms: int = 0

    def heard(self, pcm: bytes, now_ms: int) -> None:
        """Keep sound from the caller, the last of which was spoken just now."""
        track, start_ms = self._caller, now_ms - len(pcm) // BYTES_PER_MS
        if not track.pcm and not track.seq:
            track.from_ms, self._looked_ms = start_ms, now_ms
        self._late_ms = min(self._late_ms, start_ms - track.until_ms)
        if now_ms - self._looked_ms >= LOOK_MS:
            if self._late_ms > GAP_MS:  # all of a second came late: something is missing before it
                while track.pcm:
                    self._cut.append(track.cut(PIECE_BYTES))
                track.from_ms += self._late_ms
            self._late_ms, self._looked_ms = MOST_LATE_MS, now_ms
        track.pcm += pcm

    def told(self, notice: Notice, now_ms: int) -> None:
        """Keep what is played to the caller; an interrupted client drops what it has not played."""
        if isinstance(notice, Speak) and notice.pcm:
            start_ms = max(self._until_ms, now_ms)
            self._playing.append((start_ms, notice.pcm))
            self._until_ms = start_ms + len(notice.pcm) // BYTES_PER_MS
        elif isinstance(notice, Interrupted):
            self._until_ms = min(self._until_ms, now_ms)
            self._playing = [
                (start_ms, pcm[: (now_ms - start_ms) * BYTES_PER_MS])
                for start_ms, pcm in self._playing
                if start_ms < now_ms
            ]

    def due(self, now_ms: int) -> bool:
        """Tell whether `take` would return anything: it is asked for every frame."""
        if len(self._caller.pcm) >= PIECE_BYTES or self._cut:
            return True
        since_ms = self._client.from_ms if self._client.pcm else self._playing_since_ms
        return since_ms is not None and now_ms - since_ms >= PIECE_MS

    @property
    def _playing_since_ms(self) -> int | None:
        return self._playing[0][0] if self._playing else None

    def take(self, now_ms: int, *, ended: bool = False) -> list[tuple[Side, RecordedSound]]:
        """Return the pieces that are whole, or with *ended* all there is."""
        found: list[tuple[Side, RecordedSound]] = [("caller", piece) for piece in self._cut]
        self._cut = []
        while len(self._caller.pcm) >= PIECE_BYTES or (ended and self._caller.pcm):
            found.append(("caller", self._caller.cut(PIECE_BYTES)))
        found += [("client", piece) for piece in self._played(now_ms, ended=ended)]
        return found

    def _played(self, now_ms: int, *, ended: bool) -> Iterator[RecordedSound]:
        """Yield what was played until now; a gap or silence ends a piece."""
        track, waiting = self._client, list[tuple[int, bytes]]()
        for start_ms, pcm in self._playing:
            over = start_ms + len(pcm) // BYTES_PER_MS <= now_ms
            if not (over or ended):
                waiting.append((start_ms, pcm))
                continue
            if start_ms > track.until_ms:
                while track.pcm:
                    yield track.cut(PIECE_BYTES)
                track.from_ms = start_ms
            track.pcm += pcm if over else pcm[: max(0, now_ms - start_ms) * BYTES_PER_MS]
        self._playing = waiting
        while len(track.pcm) >= PIECE_BYTES or (track.pcm and (ended or not waiting)):
            yield track.cut(PIECE_BYTES)
