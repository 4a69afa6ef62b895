"""All that edge and workers say of one connection belongs to one trace."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from runtime.bus.connection import connect
from runtime.bus.delivery import Delivery
from runtime.settings import load
from schemas import codec
from tests.aura_process import AuraProcess
from tests.caller import VOICE_MS, buzz, calling, silence

QUIET = "/ws/voice/continuous?token=demo_token&greeting=0&audio=chunks"


async def test_a_connection_is_a_trace_across_all_processes(simulated: AuraProcess) -> None:
    traces: dict[str, set[str]] = defaultdict(set)
    types: set[str | None] = set()

    async def on_event(said: Delivery) -> None:
        traces[said.event().session].add(said.headers.get(codec.TRACE_HEADER, ""))
        types.add(said.type)

    settings = load(nats_url=simulated.nats_url, data_dir=simulated.data)
    async with await connect(settings, "test") as bus, bus.listening("aura.live.>", on_event):
        await bus.flush()
        for _ in range(2):
            async with calling(simulated.url, QUIET) as caller:
                await caller.speak(buzz(VOICE_MS) + silence(400))
                await caller.until("ai_complete", seconds=20)
        async with asyncio.timeout(5):
            while "session.ended" not in types:
                await asyncio.sleep(0.05)
    assert len(traces) == 2
    assert all(len(own) == 1 and "" not in own for own in traces.values())
    assert len(set.union(*traces.values())) == 2
    assert {"transcript.guess", "response.sentence", "speech.ready", "turn.taken"} <= types
