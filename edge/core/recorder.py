"""The sound of both sides, where it is to be kept: cut into pieces, each with its time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from edge.core.notices import Interrupted, Notice, Speak
from schemas.audio import BYTES_PER_MS, RecordedSound

Side = Literal["caller", "client"]
PIECE_MS = 1000
"""A piece is stored this often: what a killed edge forgets at most."""
PIECE_BYTES = PIECE_MS * BYTES_PER_MS


@dataclass
class Recorder:
    """One connection's sound: what the caller said, and what was played to them."""

    _caller: bytearray = field(default_factory=bytearray)
    _caller_from_ms: int = 0
    _playing: list[tuple[int, bytes]] = field(default_factory=list)
    """What the client was sent: when it begins to play (Unix ms), s16le mono 16 kHz."""
    _until_ms: int = 0
    _seq: dict[Side, int] = field(default_factory=dict)

    def heard(self, pcm: bytes, now_ms: int) -> None:
        """Keep sound from the caller, the last of which was spoken just now."""
        if not self._caller:
            self._caller_from_ms = now_ms - len(pcm) // BYTES_PER_MS
        self._caller += pcm

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

    def take(self, now_ms: int, *, ended: bool = False) -> list[tuple[Side, RecordedSound]]:
        """Return the pieces that are whole, or with *ended* all there is."""
        found: list[tuple[Side, RecordedSound]] = []
        while len(self._caller) >= PIECE_BYTES or (ended and self._caller):
            pcm = bytes(self._caller[:PIECE_BYTES])
            del self._caller[:PIECE_BYTES]
            found.append(self._piece("caller", self._caller_from_ms, pcm))
            self._caller_from_ms += len(pcm) // BYTES_PER_MS
        waiting: list[tuple[int, bytes]] = []
        for start_ms, pcm in self._playing:
            over = start_ms + len(pcm) // BYTES_PER_MS <= now_ms
            if not (over or ended):
                waiting.append((start_ms, pcm))
                continue
            heard = pcm if over else pcm[: max(0, now_ms - start_ms) * BYTES_PER_MS]
            for at in range(0, len(heard), PIECE_BYTES):
                piece = heard[at : at + PIECE_BYTES]
                found.append(self._piece("client", start_ms + at // BYTES_PER_MS, piece))
        self._playing = waiting
        return found

    def _piece(self, side: Side, from_ms: int, pcm: bytes) -> tuple[Side, RecordedSound]:
        seq = self._seq.get(side, 0)
        self._seq[side] = seq + 1
        return side, RecordedSound(seq=seq, from_ms=from_ms, pcm=pcm)
