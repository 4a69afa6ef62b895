"""The LLM stage: a language model."""

from __future__ import annotations

from runtime.settings import Settings
from workers.engines import llm_factory
from workers.llm import LlmStage
from workers.stage_builders import BuiltStage


def build(settings: Settings) -> BuiltStage:
    model = llm_factory.language_model(settings)
    stage = LlmStage(model, limit_s=settings.engine_limit_s)
    return BuiltStage(stage, llm_factory.llm_slots(settings))
