"""A job is given up, and the caller is told of an error."""

from __future__ import annotations

from schemas.events.event import Event, FaultyPart


class JobFailed(Event, frozen=True, kw_only=True, tag="job.failed"):
    """Any worker -> edge: this job is given up; its caller hears why."""

    KIND = "out"
    KEY = ("stage", "utterance", "turn", "index")
    stage: FaultyPart
    utterance: int = 0
    turn: int = 0
    index: int = 0
    reason: str
    """For operators: names a setting or an engine's state, never what was said."""
    attempts: int = 1


class TroubleTold(Event, frozen=True, kw_only=True, tag="trouble.told"):
    """Edge -> all: an error that the caller was told of."""

    KIND = "life"
    KEY = ("stage", "at_ms")
    stage: FaultyPart
    reason: str
    fatal: bool = False
