"""A caller on a slow line interrupts: the rest of the response does not go first, nor count."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from typing import Any

from edge.door.callers.auth import Caller
from edge.door.http.websockets import hold
from edge.door.limits.budgets import Budgets
from edge.door.limits.costs import Costs
from edge.door.limits.pace import Pace
from edge.door.limits.work_queue import WorkQueue
from edge.door.line.transport import LineTransport
from edge.door.opening.seat import Seat
from edge.protocols.client_protocol import Handshake
from edge.protocols.continuous import ContinuousProtocol
from runtime.audio.conversion import read_wav
from runtime.bus.connection import Bus
from schemas import subjects
from schemas.audio import BYTES_PER_MS
from schemas.events import AnswerTruncated
from tests.at_work import working
from tests.edge_in_process import an_edge
from workers.engines.simulated import SimulatedLanguageModel, SimulatedSynthesizer
from workers.executor.engine_executor import EngineExecutor
from workers.llm.stage import LlmStage
from workers.tts.stage import TtsStage

CHUNKS_BEFORE = 4
"""The chunks that the line takes before it is stuck."""


class SlowLine:
    """A line that takes a few chunks, and the rest once it is free again."""

    voice: Any = None
    """Audio goes in messages."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.free = asyncio.Event()
        self.more = asyncio.Event()

    async def send(self, text: str) -> None:
        message = json.loads(text)
        self.told.append(message)
        self.more.set()
        if len(self.of("ai_audio_chunk")) > CHUNKS_BEFORE:
            await self.free.wait()

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.told if message["type"] == kind]

    async def until(self, kind: str, count: int = 1) -> None:
        async with asyncio.timeout(20):
            while len(self.of(kind)) < count:
                self.more.clear()
                await self.more.wait()

    async def close(self) -> None: ...


def audio_ms(message: dict[str, Any]) -> int:
    return len(read_wav(base64.b64decode(message["audio"]), 60)) // BYTES_PER_MS


async def test_an_interruption_goes_out_at_once_and_what_was_dropped_was_not_heard(
    bus: Bus,
) -> None:
    model = LlmStage(SimulatedLanguageModel(first_ms=1, token_ms=1), limit_s=5)
    voice = TtsStage(SimulatedSynthesizer(delay_ms=0, audio_ms=8000), EngineExecutor(1, limit_s=5))
    async with an_edge(bus) as edge, working(bus, model), working(bus, voice):
        with Budgets(Costs()).opened("203.0.113.1", time.monotonic()) as budget:
            wire, line = SlowLine(), LineTransport(Pace(budget, WorkQueue(), str))
            line.attach(wire)
            query = {"audio": "chunks", "greeting": "0"}
            protocol = ContinuousProtocol(Handshake("conn_1", query))
            seat = Seat(edge.seats, protocol, Caller("ann", "acme"), "203.0.113.1")
            holding = asyncio.create_task(hold(edge, line, seat))
            await wire.until("session")
            line.arrived('{"type": "text", "text": "Hello."}')
            await wire.until("ai_audio_chunk", CHUNKS_BEFORE + 1)
            await asyncio.sleep(1)  # the call supposes that the caller hears a second more
            line.arrived('{"type": "interrupt"}')
            await asyncio.sleep(0.1)
            wire.free.set()
            await wire.until("ai_interrupted")
            line.arrived('{"type": "end_call"}')
            await holding
    sent = [one for one in wire.of("ai_audio_chunk") if one["audio"]]
    assert len(sent) == CHUNKS_BEFORE + 1
    assert len(wire.of("ai_audio_chunk")) > len(sent) + 5  # the others lost their audio
    heard = " ".join("".join(one["text"] for one in sent).split())
    (told,) = wire.of("ai_interrupted")
    assert told["heard"] == heard
    subject = subjects.session_events("acme", wire.of("session")[0]["session"])
    stored = [one.event() for one in await bus.read(subjects.EVENTS_STREAM, subject)]
    (truncated,) = [one for one in stored if isinstance(one, AnswerTruncated)]
    assert truncated.played_ms == sum(map(audio_ms, sent))
    assert truncated.text == heard
