"""A client that does not read: its audio is dropped, its neighbour notices nothing."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import psutil

from runtime.bus.connection import Bus, connect
from runtime.settings import load
from schemas import subjects
from schemas.events import TurnMeasured
from tests.aura_process import SIMULATED, AuraProcess
from tests.caller import VOICE_MS, buzz, calling, silence
from tests.raw_websocket import BINARY, TEXT, frame, upgraded

LONG = {**SIMULATED, "AURA_SIM_TTS_AUDIO_MS": "60000", "AURA_EAGERNESS": "high"}
TURNS = 8
WHOLE_BYTES = 2_000_000
"""Each answer is 2.5 MB of base64."""


async def until_sent(bus: Bus, responses: int) -> None:
    """Wait until *responses* were sent: the next question would interrupt one that was not."""
    events = subjects.session_events("*", "*", TurnMeasured.KIND)
    async with asyncio.timeout(30):
        while responses > sum(
            isinstance(stored.event(), TurnMeasured)
            for stored in await bus.read(subjects.EVENTS_STREAM, events)
        ):
            await asyncio.sleep(0.05)


async def test_what_a_client_does_not_read_is_dropped_and_costs_nobody_else(tmp_path: Path) -> None:
    aura = AuraProcess(tmp_path, env=LONG)
    try:
        aura.wait_until_ready()
        bus = await connect(load(nats_url=aura.nats_url, data_dir=aura.data), "test")
        edge = psutil.Process(aura.children()["edge"])
        async with upgraded(aura.url, "/ws") as slow:
            await slow.send(frame(TEXT, b'{"type": "start_conversation"}'))
            question = buzz(VOICE_MS) + silence(900)
            before = edge.memory_info().rss
            for turn in range(1, TURNS + 1):
                for at in range(0, len(question), 3200):
                    await slow.send(frame(BINARY, question[at : at + 3200]))
                    await asyncio.sleep(0.1)
                await until_sent(bus, turn)
            grown = edge.memory_info().rss - before
            assert grown < 120 << 20
            async with calling(
                aura.url, "/ws/voice/continuous?token=demo_token&greeting=0"
            ) as good:
                await good.speak(buzz(VOICE_MS) + silence(1500))
                await good.until("ai_complete")
            answers: list[int] = []
            async with asyncio.timeout(20):
                await slow.send(frame(TEXT, b'{"type": "end_conversation"}'))
                while (got := await slow.receive()) is not None:
                    message = json.loads(got[1]) if got[0] == TEXT else {"type": "closed"}
                    if message["type"] == "ai_response":
                        answers.append(len(message["audio_data"]))
                    if message["type"] in {"conversation_ended", "closed"}:
                        break
            assert len(answers) == TURNS  # the client is told the end of each
            whole = [size for size in answers if size > WHOLE_BYTES]
            assert 0 < len(whole) < TURNS
            assert all(size < 200 for size in answers if size not in whole)  # without its audio
        await bus.close()
        assert "Traceback" not in aura.said()
    finally:
        assert aura.stop() == 0
