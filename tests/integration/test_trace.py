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

SAID = {"transcript.guess", "response.sentence", "speech.ready", "turn.taken"}
QUIET = "/ws/voice/continuous?token=demo_token&greeting=0&audio=chunks"


async def test_a_connection_is_a_trace_across_all_processes(simulated: AuraProcess) -> None:
    seen: dict[str, set[str]] = defaultdict(set)
    types: dict[str, set[str | None]] = defaultdict(set)
    sessions = []

    async def on_event(said: Delivery) -> None:
        session = said.event().session
        seen[session].add(said.headers.get(codec.TRACE_HEADER, ""))
        types[session].add(said.type)

    settings = load(nats_url=simulated.nats_url, data_dir=simulated.data)
    async with await connect(settings, "test") as bus, bus.listening("aura.live.>", on_event):
        await bus.flush()
        for _ in range(2):
            async with calling(simulated.url, QUIET) as caller:
                sessions.append((await caller.until("session"))["session"])
                await caller.speak(buzz(VOICE_MS) + silence(400))
                await caller.until("ai_complete", seconds=20)
        async with asyncio.timeout(10):
            while not all("session.ended" in types[one] for one in sessions):
                await asyncio.sleep(0.05)
    first, second = (seen[one] for one in sessions)
    assert len(first) == len(second) == 1
    assert "" not in first | second
    assert first != second
    for one in sessions:
        assert types[one] >= SAID
