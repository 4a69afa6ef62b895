"""Decides what a job of the STT stage recognises while its utterance is spoken, and when.

    WAITS, FOLLOWS --audio--> FOLLOWS
    WAITS, FOLLOWS --end--> OVER

Each audio message leads to actions: the words of a part are requested, or a request is cancelled.
Pure.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

from runtime.moves import moved
from schemas.audio import AudioFrame
from workers.stt.utterance_audio import UtteranceAudio
from workers.stt.utterance_words import AudioPart, UtteranceWords

TURN_MS = 8000
"""The audio that the turn model judges: the last part of the utterance, settled or not."""


class FollowPhase(Enum):
    """How far a job has followed its utterance."""

    WAITS = auto()
    """No audio has arrived."""
    FOLLOWS = auto()
    OVER = auto()
    """The utterance has ended; only the last words are still to be recognised."""


class FollowMove(Enum):
    """The arrivals that move a follower."""

    AUDIO = auto()
    """An audio message; END follows the last one."""
    END = auto()


WAITS, FOLLOWS, OVER = FollowPhase

FOLLOW_MOVES: Mapping[tuple[FollowPhase, FollowMove], FollowPhase] = {
    (WAITS, FollowMove.AUDIO): FOLLOWS,
    (FOLLOWS, FollowMove.AUDIO): FOLLOWS,
    (WAITS, FollowMove.END): OVER,
    (FOLLOWS, FollowMove.END): OVER,
}


class RequestPhase(Enum):
    """How far a request without known words has come."""

    WAITS = auto()
    BEGUN = auto()
    """The recogniser has begun it."""


class Requests(NamedTuple):
    """The requests without words yet."""

    parts: Mapping[AudioPart, RequestPhase]
    partial: RequestPhase | None = None
    """The request for the latest partial transcript, until that is published."""


@dataclass(frozen=True)
class JudgePause:
    """Have the turn model judge whether the turn ends at *pause*."""

    pause: int
    pcm: bytes


@dataclass(frozen=True)
class Recognise:
    """Request the words of a part."""

    part: AudioPart
    pcm: bytes
    partial: bool
    """Whether they are only for a partial transcript."""


@dataclass(frozen=True)
class CancelPart:
    """Cancel the request for a part that is no longer needed."""

    part: AudioPart


@dataclass(frozen=True)
class CancelPartial:
    """Cancel the request for the latest partial transcript."""


Action = JudgePause | Recognise | CancelPart | CancelPartial


class UtteranceFollower:
    """Follows one utterance, message by message."""

    def __init__(self, words: UtteranceWords, partial_interval_ms: int) -> None:
        """Take the audio between two partial transcripts, 0 if there are none."""
        self.phase = WAITS
        self._words = words
        self._audio = UtteranceAudio()
        self._interval_ms = partial_interval_ms
        self._partial_ms = 0
        """Audio covered by the latest partial transcript."""

    @property
    def until_ms(self) -> int:
        """Return the end of the audio."""
        return self._audio.until_ms

    def hear(self, message: AudioFrame, requests: Requests) -> tuple[Action, ...]:
        """Add the next audio message, and return the actions in their order."""
        return tuple(self._after(message, requests))

    def _after(self, message: AudioFrame, requests: Requests) -> Iterator[Action]:
        self.phase = moved(FOLLOW_MOVES, self.phase, FollowMove.AUDIO)
        audio, words = self._audio, self._words
        audio.add(message)
        now_ms = audio.until_ms
        if message.continued_ms and not message.final_pause:  # else the words end at that pause
            words.went_on(message.continued_ms)
        if message.end:
            yield from self._end(message.final_pause, requests)
            return
        if message.pause:
            words.paused(message.pause, now_ms)
            last = AudioPart(max(0, now_ms - TURN_MS), now_ms)
            yield JudgePause(message.pause, audio.of(last))
        else:
            words.grown(now_ms, audio.quiet_ms)
        yield from self._changes(requests)
        if not message.pause and self._partial_is_due(requests):
            self._partial_ms = now_ms
            yield self._recognise(AudioPart(words.open_ms, now_ms), partial=True)
        audio.forget(min(words.open_ms, now_ms - TURN_MS))

    def no_more_audio(self, requests: Requests) -> tuple[Action, ...]:
        """End an utterance whose last audio is missing, and return the actions in their order."""
        return () if self.phase is OVER else tuple(self._end(0, requests))

    def _end(self, final_pause: int, requests: Requests) -> Iterator[Action]:
        """End the utterance; the transcript of pause *final_pause* has all words (0: none has)."""
        self.phase = moved(FOLLOW_MOVES, self.phase, FollowMove.END)
        self._words.ended(self._audio.until_ms, final_pause)
        yield from self._changes(requests)
        if requests.partial:
            yield CancelPartial()

    def _changes(self, requests: Requests) -> Iterator[Action]:
        """Request the needed parts; cancel the others unless they have begun."""
        wanted = self._words.wanted
        for part, phase in requests.parts.items():
            goes_on = phase is RequestPhase.BEGUN and self.phase is not OVER
            if part not in wanted and not goes_on:
                yield CancelPart(part)
        for part in wanted:
            if part not in requests.parts:
                yield self._recognise(part, partial=False)
        if wanted and requests.partial is RequestPhase.WAITS and self.phase is not OVER:
            yield CancelPartial()

    def _recognise(self, part: AudioPart, *, partial: bool) -> Recognise:
        return Recognise(part, self._audio.of(part), partial)

    def _partial_is_due(self, requests: Requests) -> bool:
        if not self._interval_ms or self._words.wanted or requests.partial:
            return False
        return self.until_ms - self._partial_ms >= self._interval_ms
