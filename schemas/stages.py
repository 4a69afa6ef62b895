"""The table of the pipeline's stages; all other lists of stages are derived from it."""

import msgspec

from schemas.events import (
    Kind,
    ResponseSentence,
    SpeechStarted,
    StageName,
    ToolRequested,
    TurnTaken,
)

JobEvent = SpeechStarted | TurnTaken | ToolRequested | ResponseSentence
"""An event that is the job of a stage."""


class StageRow(msgspec.Struct, frozen=True):
    """A stage and its place on the bus."""

    name: StageName
    consumer: str
    """The durable consumer of AURA_EVENTS that its workers share, declared in `nats/consumers`."""
    job: type[JobEvent]
    """The event that is a job of this stage, unless the event lists the stage as `recorded`."""
    is_needed: bool = True
    """Whether every turn needs it; only a turn with tool calls needs a tool runner."""

    @property
    def kind(self) -> Kind:
        """The kind of subject that carries its jobs."""
        return self.job.KIND


STAGES = (
    StageRow("stt", "STT", SpeechStarted),
    StageRow("llm", "LLM", TurnTaken),
    StageRow("tool", "TOOL", ToolRequested, is_needed=False),
    StageRow("tts", "TTS", ResponseSentence),
)
"""The stages in the order of a turn."""

STAGE_NAMES = tuple(stage.name for stage in STAGES)
JOB_TYPES = {stage.name: stage.job for stage in STAGES}
CONSUMERS = {stage.name: stage.consumer for stage in STAGES}
