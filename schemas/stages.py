"""The stages of the pipeline: one table, from which everybody else's lists of them are made."""

from __future__ import annotations

import msgspec

from schemas.events import Kind, ResponseSentence, SpeechStarted, StageName, TurnTaken

Job = SpeechStarted | TurnTaken | ResponseSentence
"""What some stage works on."""


class StageRow(msgspec.Struct, frozen=True):
    """One stage, as the bus knows it."""

    name: StageName
    consumer: str
    """The durable consumer of AURA_EVENTS that its workers share; `nats/consumers` declares it."""
    job: type[Job]
    """The event that is its job, unless that says that it was `recorded`."""

    @property
    def kind(self) -> Kind:
        """The kind of subject on which its jobs are said."""
        return self.job.KIND


STAGES = (
    StageRow("stt", "STT", SpeechStarted),
    StageRow("llm", "LLM", TurnTaken),
    StageRow("tts", "TTS", ResponseSentence),
)
"""In the order of a turn."""

STAGE_NAMES = tuple(stage.name for stage in STAGES)
JOBS = {stage.name: stage.job for stage in STAGES}
CONSUMERS = {stage.name: stage.consumer for stage in STAGES}
