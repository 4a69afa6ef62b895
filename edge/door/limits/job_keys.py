"""The events that begin and end the jobs of the stages that callers use. Pure."""

from collections.abc import Mapping

from schemas.events import (
    Event,
    JobFailed,
    ResponseCancelled,
    ResponseCompleted,
    SpeechStarted,
    StageName,
    TranscriptFinal,
    TurnTaken,
)
from schemas.stages import JobEvent

ENDS: Mapping[type[Event], StageName] = {
    TranscriptFinal: "stt",
    ResponseCompleted: "llm",
    ResponseCancelled: "llm",
}
"""The events that end a job of a stage, beside its failure."""
JobKey = tuple[StageName, int]
"""The stage of a job, and its utterance; of a session's turns there is one at a time."""


def key_of(event: Event) -> JobKey | None:
    """Return which job *event* is; None: it is none of those that callers make."""
    match event:
        case SpeechStarted(utterance=utterance):
            return "stt", utterance
        case TurnTaken():
            return "llm", 0
        case _:
            return None


def done_by(event: Event) -> JobKey | None:
    """Return the job that *event* tells the end of, or that no worker takes."""
    if isinstance(event, JobEvent):
        key = key_of(event)
        return key if key and key[0] in event.recorded else None
    stage = event.stage if isinstance(event, JobFailed) else ENDS.get(type(event))
    if stage == "stt" and isinstance(event, TranscriptFinal | JobFailed):
        return "stt", event.utterance
    return ("llm", 0) if stage == "llm" else None
