"""Stores the recorded audio of a call: one piece after the other, each acknowledged."""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

import structlog

from edge.call.audio_recorder import AudioRecorder
from edge.call.quotas import RecordingQuota
from edge.core.messages.client_events import ClientEvent
from runtime.bus.errors import BusAwayError, BusRefusedError
from runtime.bus.publisher import COPY_TIMEOUT_S
from schemas import codec, subjects
from schemas.audio import RecordedSound

log = structlog.get_logger(__name__)

MOST_WAITING_PIECES = 24
"""The most pieces that wait for the bus, a minute of both sides; newer ones are dropped."""


class PieceStore(Protocol):
    """What stores the pieces: the bus."""

    async def store(
        self, subject: str, data: bytes, head: dict[str, str], *, timeout_s: float
    ) -> bool:
        """Store a piece within *timeout_s*; return False if it is stored already."""


class RecordingWriter:
    """Records one connection of a session."""

    def __init__(
        self,
        bus: PieceStore,
        tenant: str,
        session: str,
        quota: RecordingQuota,
        *,
        timeout_s: float = COPY_TIMEOUT_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Record within *quota*: the piece that reaches it is the last one.

        A piece that is not stored within *timeout_s* is lost. `run` logs the number of lost pieces.
        *clock* returns seconds.
        """
        self._bus = bus
        self._own = (tenant, session)
        self._recorder = AudioRecorder()
        self._pieces: asyncio.Queue[tuple[str, RecordedSound] | None] = asyncio.Queue(
            MOST_WAITING_PIECES + 1
        )
        """At most MOST_WAITING_PIECES; None is the last, which always has room."""
        self._lost_pieces = 0
        """Pieces that were not stored, those beyond the quota included."""
        self._quota = quota
        self._timeout_s = timeout_s
        self._clock = clock

    def note_received(self, pcm: bytes, now_ms: int) -> str:
        """Note audio of the caller; return why recording ends here; empty: it goes on.

        After a reason nothing more may be noted.
        """
        return self._queue_pieces(now_ms) if self._recorder.note_received(pcm, now_ms) else ""

    def note_sent(self, event: ClientEvent, now_ms: int) -> str:
        """Note audio of a response, with the same result."""
        return self._queue_pieces(now_ms) if self._recorder.note_sent(event, now_ms) else ""

    def finish(self, now_ms: int) -> str:
        """Queue the last pieces, with the same result; `run` ends when they are stored."""
        return self._queue_pieces(now_ms, ended=True)

    def _queue_pieces(self, now_ms: int, *, ended: bool = False) -> str:
        why = ""
        for piece in self._recorder.take(now_ms, ended=ended):
            if why or self._pieces.qsize() >= MOST_WAITING_PIECES:
                self._lost_pieces += 1
                continue
            why = self._quota.spend(len(piece[1].pcm), self._clock())
            self._pieces.put_nowait(piece)
        if why or ended:
            self._pieces.put_nowait(None)
        return why

    async def run(self) -> None:
        """Store pieces until the recording ends."""
        while (queued := await self._pieces.get()) is not None:
            side, piece = queued
            name = f"{self._own[1]}.recorded.{side}.{piece.from_ms}"
            subject = subjects.recording(*self._own, side)
            try:
                data, head = codec.encode(piece), {codec.ID_HEADER: name}
                await self._bus.store(subject, data, head, timeout_s=self._timeout_s)
            except (BusAwayError, BusRefusedError):
                self._lost_pieces += 1
        if self._lost_pieces:
            log.warning("recording_has_gaps", pieces=self._lost_pieces)
