"""What a call is given, noted as it comes: enough to decide again, not enough to hear anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from schemas import inputs
from schemas.audio import SpeechChunk, TranscriptPartial
from schemas.events import Event, InputsDelivered

PART_MS = 10_000
"""A part of the journal is stored this often: what a killed edge forgets at most."""
PART_INPUTS = 2_000
"""... or as soon as it has so many."""


class Journal:
    """The inputs of one connection of one session."""

    def __init__(self, tenant: str, session: str) -> None:
        self._tenant = tenant
        self._session = session
        self._rows: inputs.Rows | None = None
        self._bits: list[bool] = []
        self._hears = False
        """What is looked at for voice came from the client: no silence put into a gap."""
        self._part = 0

    def listening(self, is_voice: Callable[[bytes], bool]) -> Callable[[bytes], bool]:
        """Return *is_voice* with its answers noted."""

        def noted(frame: bytes) -> bool:
            voice = is_voice(frame)
            if self._hears:
                self._bits.append(voice)
            return voice

        return noted

    def sound(self, size: int, now_ms: int) -> None:
        """Note that the call is about to be given *size* bytes of sound."""
        self._hears = True
        if self._rows is None:
            self._rows = inputs.Rows(now_ms)
        self._rows.sound(now_ms, size)

    def note(self, name: str, what: Any, now_ms: int) -> None:
        """Note that the call's method *name* is about to be given *what* (None: nothing)."""
        if name == "hear":
            self.sound(len(what), now_ms)
            return
        self._hears = False
        if self._rows is None:
            self._rows = inputs.Rows(now_ms)
        kind, row = self._row(name, what)
        self._rows.add(now_ms, kind, row)

    def _row(self, name: str, what: Any) -> tuple[int, tuple[Any, ...]]:
        match name, what:
            case "receive", TranscriptPartial():
                return inputs.PARTIAL, (what.utterance, what.audio_ms, what.text)
            case "receive", SpeechChunk():
                size = len(what.pcm)
                return inputs.CHUNK, (what.turn, what.index, what.chunk, size, what.last)
            case "receive", Event():
                return inputs.SAID, (what.id[len(self._session) + 1 :],)
            case "finish", str():
                return inputs.FINISH, (what,)
            case "start", None:
                return inputs.BEGAN, ()
            case "resume", None:
                return inputs.RESUMED, ()
            case _:
                return inputs.TICK, ()

    def due(self, now_ms: int) -> bool:
        """Tell whether what was noted is worth storing."""
        rows = self._rows
        if rows is None:
            return False
        return now_ms - rows.from_ms >= PART_MS or rows.count >= PART_INPUTS

    def take(self, now_ms: int) -> InputsDelivered:
        """Return what was noted since the last time."""
        rows, bits, part = self._rows or inputs.Rows(now_ms), self._bits, self._part
        self._rows, self._bits, self._part = None, [], part + 1
        return InputsDelivered(
            tenant=self._tenant,
            session=self._session,
            at_ms=now_ms,
            part=part,
            from_ms=rows.from_ms,
            frames=len(bits),
            voice=inputs.pack_bits(bits),
            rows=rows.packed(),
        )
