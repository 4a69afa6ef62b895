"""Publishes the likely starts of prompts, which language models read ahead in idle time."""

import asyncio

import structlog

from edge.door.agents.agents import Agents
from edge.door.agents.tool_catalogue import ToolCatalogue
from edge.door.opening.opening import Openings
from runtime.bus.connection import Bus
from runtime.bus.delivery import Delivery
from runtime.tasks import scoped_task
from schemas import codec, subjects
from schemas.prompts import MOST_PROMPTS, PromptBeginning, PromptsReply

log = structlog.get_logger(__name__)

SETTLE_S = 1.0
"""The wait after a change, since more changes may follow."""
MOST_ANSWER_BYTES = 512 * 1024
"""The most bytes of one answer."""


class LikelyPrompts:
    """Answers workers that ask, and tells all of them when agents or tools changed."""

    def __init__(
        self,
        bus: Bus,
        agents: Agents,
        tools: ToolCatalogue,
        openings: Openings,
        *,
        wait_s: float = SETTLE_S,
        most_bytes: int = MOST_ANSWER_BYTES,
    ) -> None:
        self._bus = bus
        self._agents = agents
        self._tools = tools
        self._openings = openings
        self._wait_s = wait_s
        self._most_bytes = most_bytes

    async def serve(self) -> None:
        """Answer and tell until cancelled."""
        await self._agents.read.wait()
        await self._tools.searched.wait()
        async with self._bus.listening(subjects.PROMPTS, self._on_request):
            while True:
                await self._change()
                await asyncio.sleep(self._wait_s)
                self._agents.changed.clear()
                self._tools.changed.clear()
                await self._bus.send(subjects.PROMPTS_NOW, await self._reply())

    async def _change(self) -> None:
        """Wait until an agent or a tool has changed."""
        async with (
            scoped_task(self._agents.changed.wait()) as agent,
            scoped_task(self._tools.changed.wait()) as tool,
        ):
            await asyncio.wait({agent, tool}, return_when=asyncio.FIRST_COMPLETED)

    async def _on_request(self, message: Delivery) -> None:
        if message.reply:
            await self._bus.send(message.reply, await self._reply())

    async def _reply(self) -> PromptsReply:
        configs = await self._openings.likely(MOST_PROMPTS)
        encoded = {codec.encode(prompt): prompt for prompt in map(PromptBeginning.of, configs)}
        prompts, left = [], self._most_bytes
        for data, prompt in encoded.items():
            left -= len(data)
            if left < 0:
                break
            prompts.append(prompt)
        return PromptsReply(prompts=tuple(prompts))
