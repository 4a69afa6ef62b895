"""The part of a session that a job works for, and the errors of the job itself. Pure."""

from dataclasses import dataclass


class EngineHungError(Exception):
    """The engine's thread does not return: this process must be replaced."""


class StaleJobError(Exception):
    """The job waited so long for a worker that its audio is gone."""


@dataclass(frozen=True)
class JobTarget:
    """The turn and the sentence of a job."""

    utterance: int = 0
    turn: int | None = None
    """The turn whose cancellation ends the job; None: no turn."""
    index: int = 0
    """The sentence of the response, from 0."""
