"""The tool stage: a tool runner, and the delivery of call webhooks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from runtime import envelopes
from runtime.bus.connection import Bus
from runtime.settings import Settings, SettingsError
from schemas.tools import ToolKind
from workers.analytics import call_webhooks
from workers.stage_builders import BuiltStage
from workers.tools.backends import NatsBackend, ToolBackend, WebhookBackend
from workers.tools.stage import ToolStage


def build(settings: Settings) -> BuiltStage:
    backends: dict[ToolKind, ToolBackend] = {
        "nats": NatsBackend(),
        "webhook": WebhookBackend(_keys(settings)),
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


def _keys(settings: Settings) -> list[bytes]:
    """Return the keys that sign calls of webhook tools; there may be none.

    Raises:
        SettingsError: the secret is invalid.
    """
    try:
        return envelopes.keys(settings.tool_secret.get_secret_value())
    except envelopes.SecretError as error:
        raise SettingsError(f"AURA_TOOL_SECRET is {error}: {envelopes.HOW_TO}") from error
