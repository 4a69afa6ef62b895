"""The caller's sound becomes utterances: frames for the recogniser, and what the ear noticed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

from edge.core.hearing.framing import FRAME_MS, Microphone
from edge.core.hearing.speech_detector import Ear, Floor, Heard, Hearing
from edge.core.hearing.utterance import LONGEST_MS, Utterance
from schemas.audio import AudioFrame
from schemas.events import SessionSettings


class Noticed(NamedTuple):
    """What a frame brought: a change, a message for the recogniser, or just time gone by."""

    at_ms: int
    """Unix ms at which the frame had been spoken."""
    change: Heard | None = None
    message: AudioFrame | None = None


class Listener:
    """One caller's side of the line."""

    def __init__(
        self,
        settings: SessionSettings,
        last_utterance: int,
        is_voice: Callable[[bytes], bool],
    ) -> None:
        self._microphone = Microphone()
        self._is_voice = is_voice
        self._ear = Ear(Hearing(onset_ms=settings.min_speech_ms))
        # sound before the onset belongs to it: soft consonants are not voiced
        self._prefix: deque[bytes] = deque(maxlen=settings.prefix_ms // FRAME_MS)
        self._last = last_utterance
        self._voiced_at_ms = 0
        self.utterance: Utterance | None = None

    @property
    def paused(self) -> bool:
        """The caller fell silent in an utterance that is still open."""
        return self._ear.floor is Floor.PAUSED

    @property
    def silence_ms(self) -> int:
        return self._ear.silence_ms

    @property
    def silent_from_ms(self) -> int | None:
        """When the absence of sound becomes worth hearing, Unix ms; None: it never does."""
        return self._microphone.silent_from_ms if self.utterance else None

    @property
    def too_long(self) -> bool:
        """The utterance grows older than its audio is kept on the bus."""
        return self.utterance is not None and self.utterance.audio_ms >= LONGEST_MS

    def hear(self, pcm: bytes, now_ms: int) -> Iterator[Noticed]:
        """Yield what is noticed in *pcm* (s16le mono 16 kHz)."""
        for frame, at_ms in self._microphone.hear(pcm, now_ms):
            change = self._step(frame, at_ms)
            if change or self.utterance:  # most frames of a call are neither
                yield from self._frame(frame, at_ms, change)

    def wait(self, now_ms: int) -> Iterator[Noticed]:
        """Yield what is noticed in the silence of a microphone that stopped sending."""
        if self.utterance is not None:
            for frame, at_ms in self._microphone.missing(now_ms):
                yield from self._frame(frame, at_ms, self._step(frame, at_ms))

    def close(self, *, stands: int) -> AudioFrame | None:
        """End the utterance and return its last message."""
        utterance, self.utterance = self.utterance, None
        self._ear.close()
        return utterance.end(stands) if utterance else None

    def _step(self, frame: bytes, at_ms: int) -> Heard | None:
        """Listen to *frame* and return what it changed."""
        self._prefix.append(frame)
        voiced = self._is_voice(frame)
        if voiced:
            self._voiced_at_ms = at_ms
        return self._ear.step(voiced)

    def _frame(self, frame: bytes, at_ms: int, change: Heard | None) -> Iterator[Noticed]:
        if change is Heard.STARTED:
            self._last += 1
            self.utterance = Utterance(self._last, over_answer=False)
            yield Noticed(at_ms, change)
            for earlier in self._prefix:
                if message := self.utterance.add(earlier):
                    yield Noticed(at_ms, None, message)
            return
        if self.utterance is None:
            return
        full = self.utterance.add(frame)
        if full:
            yield Noticed(at_ms, None, full)
        if change is Heard.PAUSED:
            self.utterance.speech_end_ms = self._voiced_at_ms
            self.utterance.paused_ms = at_ms
            yield Noticed(at_ms, change, self.utterance.mark_pause())
        else:
            yield Noticed(at_ms, change)
