"""Failures: a job is given up, a caller is told of an error."""

from schemas.events.event import Event, StageOrAudio


class JobFailed(Event, frozen=True, kw_only=True, tag="job.failed"):
    """Any worker -> edge: this job is given up; the caller is told the reason."""

    KIND = "out"
    KEY = ("stage", "utterance", "turn", "index")
    stage: StageOrAudio
    """The stage that gives up; `audio` is the edge's own part."""
    utterance: int = 0
    """The number of the utterance of an STT job; 0 for other jobs."""
    turn: int = 0
    """The number of the turn of the job; 0 for STT jobs, for tool calls that no interruption
    cancels, and for the greeting."""
    index: int = 0
    """The number of the sentence of a TTS job, or of the call of a tool job, from 0."""
    reason: str
    """For operators: names a setting or an engine's state, never words of the call."""
    attempts: int = 1
    """The number of attempts, with the last."""


class TroubleTold(Event, frozen=True, kw_only=True, tag="trouble.told"):
    """Edge -> all: the caller was told of an error."""

    KIND = "life"
    KEY = ("stage", "at_ms")
    stage: StageOrAudio
    """The part that failed; `audio` is the edge's own part, or the bus."""
    reason: str
    """The reason, for operators: names a setting or an engine's state, never words of the call."""
    fatal: bool = False
    """Whether the call ends, since the part has failed several times in a row."""
    utterance: int = 0
    """The utterance whose words are given up; 0: all that are awaited, or another stage failed."""
