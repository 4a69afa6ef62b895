"""Failures: a job is given up, a caller is told of an error."""

from schemas.events.event import Event, FaultyPart


class JobFailed(Event, frozen=True, kw_only=True, tag="job.failed"):
    """Any worker -> edge: this job is given up; the caller is told the reason."""

    KIND = "out"
    KEY = ("stage", "utterance", "turn", "index")
    stage: FaultyPart
    utterance: int = 0
    turn: int = 0
    index: int = 0
    reason: str
    """For operators: names a setting or an engine's state, never words of the call."""
    attempts: int = 1


class TroubleTold(Event, frozen=True, kw_only=True, tag="trouble.told"):
    """Edge -> all: the caller was told of an error."""

    KIND = "life"
    KEY = ("stage", "at_ms")
    stage: FaultyPart
    reason: str
    fatal: bool = False
