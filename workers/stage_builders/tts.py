"""The TTS stage: a synthesizer, which synthesizes the greeting before the first call."""

from runtime.settings import Settings
from workers.engines import factory
from workers.engines.protocols import SpeakerVoice
from workers.executor.engine_executor import EngineExecutor
from workers.stage_builders import BuiltStage
from workers.tts.stage import TtsStage


def build(settings: Settings) -> BuiltStage:
    stage = TtsStage(
        factory.synthesizer(settings),
        EngineExecutor(settings.tts_slots, limit_s=settings.engine_limit_s),
        # a simulated voice needs no preparation, and may be set to fail
        greeting="" if settings.tts_engine == "simulated" else settings.greeting,
        speaker=SpeakerVoice(language=settings.language, speed=settings.tts_speed),
    )
    return BuiltStage(stage, settings.tts_slots)
