"""The LLM stage: a language model, which reads prompts ahead if it can."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from runtime.bus.connection import Bus
from runtime.settings import Settings
from runtime.tasks import cancel
from workers.engines import llm_factory
from workers.llm.read_ahead import PromptListener
from workers.llm.stage import LlmStage
from workers.stage_builders import BuiltStage


def build(settings: Settings) -> BuiltStage:
    model = llm_factory.language_model(settings)
    stage = LlmStage(model, limit_s=settings.engine_limit_s)
    ahead = stage.ahead
    if ahead is None:
        return BuiltStage(stage, llm_factory.llm_slots(settings))

    @asynccontextmanager
    async def reading(bus: Bus, stop: asyncio.Event) -> AsyncIterator[None]:
        del stop
        async with asyncio.TaskGroup() as tasks:
            both = [
                tasks.create_task(service)
                for service in (ahead.run(), PromptListener(bus, ahead).run())
            ]
            yield
            await cancel(both)

    return BuiltStage(stage, llm_factory.llm_slots(settings), reading)
