"""The STT stage: a recognizer and a turn model."""

from runtime.settings import Settings
from runtime.text.redaction import Redaction
from workers.engines import factory
from workers.executor.engine_executor import EngineExecutor
from workers.stage_builders import BuiltStage
from workers.stt.stage import SttStage


def build(settings: Settings) -> BuiltStage:
    recognizer = factory.recognizer(settings)
    simulated = settings.stt_engine == "simulated"
    computes_here = not simulated and factory.stt_engine(settings) != "openai"
    threads = settings.stt_workers if computes_here else settings.stt_slots
    stage = SttStage(
        recognizer,
        EngineExecutor(threads, limit_s=settings.engine_limit_s),
        partial_interval_ms=settings.stt_partial_interval_ms,
        turn_model=None if simulated else factory.turn_model(settings),
        most_at_once=settings.stt_batch,
        redaction=Redaction.of(settings.redact),
    )
    return BuiltStage(stage, settings.stt_slots)
