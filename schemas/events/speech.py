"""The caller's speech, and its transcripts."""

from typing import Literal

import msgspec

from schemas.events.event import Event, StageName

WordsUse = Literal["", "turn", "next_turn"]
"""What the awaited words of an utterance are for."""


class SpeechStarted(Event, frozen=True, kw_only=True, tag="speech.started"):
    """Edge -> STT: an utterance begins; its audio is sent on `aura.au.<session>.<utterance>`."""

    KIND = "speech"
    KEY = ("utterance",)
    utterance: int
    language: str
    deadline_ms: int
    """Unix time, ms, after which the words are no longer needed."""
    over_response: bool = msgspec.field(default=False, name="over_answer")
    """Spoken over a response: partial transcripts decide whether it is an interruption, so they are
    urgent."""
    background: bool = False
    """A background job, with nobody on the line: calls go first, and no partial transcripts are
    needed."""
    recorded: tuple[StageName, ...] = ()


class SpeechPaused(Event, frozen=True, kw_only=True, tag="speech.paused"):
    """Edge -> all: the caller pauses; STT is asked for the words so far."""

    KIND = "life"
    KEY = ("utterance", "pause")
    utterance: int
    pause: int
    speech_end_ms: int


class SpeechContinued(Event, frozen=True, kw_only=True, tag="speech.continued"):
    """Edge -> all: the caller went on after a pause; the transcript and response to it are void."""

    KIND = "life"
    KEY = ("utterance", "pause")
    utterance: int
    pause: int


class SpeechEnded(Event, frozen=True, kw_only=True, tag="speech.ended"):
    """Edge -> all: the utterance has ended, by silence, its length, its client or a lost line."""

    KIND = "life"
    KEY = ("utterance",)
    utterance: int
    pause: int
    speech_end_ms: int
    wait_ms: int
    """The silence before that decision, ms."""
    discarded: bool = False
    """Whether its words count for nothing: there were none, a backchannel or unclear background
    voices, or a typed turn or the end of the call came first."""
    words_for: WordsUse = ""
    """What the words are for that only `transcript.final` will bring. A turn: the client ended it,
    or the connection was lost in its pause. The next turn: the utterance was too long, or the
    connection was lost in the middle of it. Empty: they are not awaited."""


class TranscriptGuess(Event, frozen=True, kw_only=True, tag="transcript.guess"):
    """STT -> edge: the words up to a pause; the caller may still go on."""

    KIND = "heard"
    KEY = ("utterance", "pause")
    utterance: int
    pause: int
    """The number of the pause, from 1. Words that end at a cut have no pause, and -`cut_ms` here:
    each cut has its own event."""
    text: str
    """The words; empty if no speech was found."""
    confidence: float
    """0..1: exp of the mean log-probability of the tokens."""
    took_ms: float
    """Recognition alone, without queueing, ms."""
    model: str
    """The name of the recogniser."""
    eot_audio: float | None = msgspec.field(default=None, name="finished")
    """0..1: the probability of an end of turn by the turn model (AURA_TURN_MODEL); None: there is
    no such model."""
    eot_stt: float | None = msgspec.field(default=None, name="ended")
    """0..1: the recogniser's probability that a sentence ends with the last word, by sound and
    words; None: it gives none."""
    settled_ms: int = 0
    """Audio up to this time of the utterance, ms, is settled: it is never recognised again."""
    settled_words: int = 0
    """The number of words at the start of `text` (split at blanks) that belong to the settled
    audio."""
    cut_ms: int = 0
    """The words end at a cut, at this time of the utterance, ms; 0: they end at a pause."""

    def __post_init__(self) -> None:
        """Fill `cut_ms`; older events have it in `pause` alone."""
        if self.pause < 0 and not self.cut_ms:
            msgspec.structs.force_setattr(self, "cut_ms", -self.pause)


class TranscriptFinal(Event, frozen=True, kw_only=True, tag="transcript.final"):
    """STT -> all: the words of the whole utterance."""

    KIND = "heard"
    KEY = ("utterance",)
    utterance: int
    text: str
    """The words; empty if no speech was found."""
    confidence: float
    """0..1: exp of the mean log-probability of the tokens."""
    audio_ms: int
    """Audio of the utterance, ms."""
    took_ms: float
    """Recognition alone, without queueing, ms."""
    model: str
    """The name of the recogniser."""
