"""The caller speaks, and STT tells the words."""

from __future__ import annotations

import msgspec

from schemas.events.event import Event, StageName


class SpeechStarted(Event, frozen=True, kw_only=True, tag="speech.started"):
    """Edge -> STT: somebody speaks; the frames flow on `aura.au.<session>.<utterance>`."""

    KIND = "speech"
    KEY = ("utterance",)
    utterance: int
    """Counts the utterances of a session from 1."""
    language: str
    deadline_ms: int
    """Unix time, ms, after which nobody waits for the words any more."""
    over_response: bool = msgspec.field(default=False, name="over_answer")
    """Spoken over a response: partials decide whether it is an interruption, so hurry."""
    background: bool = False
    """Nobody is on the line: the words of calls go first, and no partials are wanted."""
    recorded: tuple[StageName, ...] = ()
    """Stages that a replay answers from the record: for a worker of these this is no job."""


class SpeechPaused(Event, frozen=True, kw_only=True, tag="speech.paused"):
    """Edge -> all: the caller fell silent; STT is asked for the words so far."""

    KIND = "life"
    KEY = ("utterance", "pause")
    utterance: int
    pause: int
    """Counts the pauses of this utterance from 1."""
    speech_end_ms: int
    """Unix time, ms, of the last frame with speech: zero of every latency of the turn."""


class SpeechContinued(Event, frozen=True, kw_only=True, tag="speech.continued"):
    """Edge -> all: the caller went on after a pause; what followed from it is void."""

    KIND = "life"
    KEY = ("utterance", "pause")
    utterance: int
    pause: int


class SpeechEnded(Event, frozen=True, kw_only=True, tag="speech.ended"):
    """Edge -> all: endpointing took the utterance for complete."""

    KIND = "life"
    KEY = ("utterance",)
    utterance: int
    pause: int
    speech_end_ms: int
    wait_ms: int
    """How long the silence was listened to before that was decided."""
    discarded: bool = False
    """True where nothing was said in it (noise)."""


class TranscriptGuess(Event, frozen=True, kw_only=True, tag="transcript.guess"):
    """STT -> edge: the words up to a pause; the caller may yet go on."""

    KIND = "heard"
    KEY = ("utterance", "pause")
    utterance: int
    pause: int
    """Below 0: there was none; the words up to a cut so many ms into speech without pauses."""
    text: str
    """Empty where no speech was found."""
    confidence: float
    """0..1: exp of the mean log-probability of the tokens."""
    took_ms: float
    """Recognition alone, without queueing."""
    model: str
    eot_audio: float | None = msgspec.field(default=None, name="finished")
    """0..1: how surely a model of turns hears the end of the turn (AURA_TURN_MODEL); None: none was
    asked."""
    eot_stt: float | None = msgspec.field(default=None, name="ended")
    """0..1: how surely the recogniser would end a sentence with the last word, by sound and words;
    None: it does not say."""
    settled_ms: int = 0
    """Audio before this, from the beginning of the utterance, is never recognised again."""
    settled_words: int = 0
    """The first so many words of `text` (between blanks) are those of that audio: they stand."""


class TranscriptFinal(Event, frozen=True, kw_only=True, tag="transcript.final"):
    """STT -> all: the words of the whole utterance."""

    KIND = "heard"
    KEY = ("utterance",)
    utterance: int
    text: str
    confidence: float
    audio_ms: int
    took_ms: float
    model: str
