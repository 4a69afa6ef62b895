"""One utterance on its way to the recogniser: frames joined to messages, pauses marked."""

from __future__ import annotations

from dataclasses import dataclass, field

from edge.core.hearing.framing import FRAME_MS
from schemas.audio import AudioFrame
from schemas.events import TranscriptGuess

FRAMES_A_MESSAGE = 5
"""100 ms: half the cost of 20 ms messages, and no later, for a pause is sent at once."""
LONGEST_MS = 30 * 60_000
"""A longer speech is two utterances, lest the events that hold all its words grow for ever."""


@dataclass
class Utterance:
    """An utterance as the edge knows it."""

    number: int
    over_response: bool = False
    """It began while a response was to be heard or on its way."""
    is_reply: bool = False
    """It began over the last words of a question, so it is a reply and no interruption."""
    gone_on_after_ms: int | None = None
    """The silence, ms, before it, where it goes on with a turn that had been taken for over."""
    voice_doubted: bool = False
    """Its voices may be the background's alone."""
    ended_by_client: bool = False
    """The client said that the turn is over: its words are not waited for any longer."""
    pause: int = 0
    speech_end_ms: int = 0
    """Unix time of the last voiced frame, as of the latest pause."""
    paused_ms: int = 0
    """Unix time at which the latest pause was noticed."""
    transcript: TranscriptGuess | None = None
    """Words up to the latest pause, as soon as they are here."""
    transcript_at_ms: int = 0
    audio_ms: int = 0
    voice_ms: int = 0
    """Voiced audio since the last pause that was longer than a breath."""
    _sent_ms: int = 0
    _continued_ms: int = 0
    _seq: int = 0
    _frames: list[bytes] = field(default_factory=list)

    def add(self, frame: bytes) -> AudioFrame | None:
        """Take 20 ms and return a message as soon as one is full."""
        self._frames.append(frame)
        self.audio_ms += FRAME_MS
        return self._message() if len(self._frames) >= FRAMES_A_MESSAGE else None

    def mark_pause(self) -> AudioFrame:
        """Return the rest with the mark that asks for the words so far."""
        self.pause += 1
        self.transcript = None
        return self._message(pause=self.pause)

    def mark_continued(self) -> None:
        """Let the next message say that the caller goes on with the next frame."""
        self._continued_ms = self.audio_ms

    def end(self, stands: int) -> AudioFrame:
        """Return the rest, marked as the end; *stands*: the pause whose transcript is whole."""
        return self._message(end=True, stands=stands)

    def _message(self, *, pause: int = 0, end: bool = False, stands: int = 0) -> AudioFrame:
        pcm = b"".join(self._frames)
        self._frames.clear()
        self._seq += 1
        frame = AudioFrame(
            seq=self._seq - 1,
            pcm=pcm,
            pause=pause,
            end=end,
            stands=stands,
            from_ms=self._sent_ms,
            continued_ms=self._continued_ms,
        )
        self._sent_ms, self._continued_ms = self.audio_ms, 0
        return frame
