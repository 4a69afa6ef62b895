"""The tool stage: a tool runner, and the delivery of call webhooks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from runtime.bus.connection import Bus
from runtime.settings import Settings
from schemas.tools import ToolKind
from workers.analytics import call_webhooks
from workers.analytics.webhook import keys_of
from workers.stage_builders import BuiltStage
from workers.tools.backends import NatsBackend, ToolBackend, WebhookBackend
from workers.tools.stage import ToolStage


def build(settings: Settings) -> BuiltStage:
    backends: dict[ToolKind, ToolBackend] = {
        "nats": NatsBackend(),
        "webhook": WebhookBackend(keys_of(settings.tool_secret, "AURA_TOOL_SECRET")),
    }
    stage = ToolStage(backends)
    subscriber = call_webhooks.subscriber(settings)

    @asynccontextmanager
    async def deliveries(bus: Bus, stop: asyncio.Event) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(call_webhooks.deliver(bus, settings, subscriber, stop))
            yield
        await stage.close()

    return BuiltStage(stage, settings.tool_slots, deliveries)
