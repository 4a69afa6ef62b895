"""A replay that is driven from a typed turn, and the silence for words that were not recorded."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from typing import Any

from aura.replay.recorded_stages import RecordedStages
from aura.replay.recorded_workers import LETTER_MS, RecordedWorkers
from aura.replay.redecide import RecordedConnection
from runtime.bus.connection import Bus
from runtime.bus.delivery import Delivery
from schemas import codec, subjects
from schemas import events as ev
from schemas.audio import BYTES_PER_MS, SpeechChunk
from tests.aura_process import AuraProcess
from tests.caller import calling, silence
from tests.integration.recorded_calls import PATH, typed


async def test_a_replay_branches_at_a_typed_turn(simulated: AuraProcess) -> None:
    async with calling(simulated.url, PATH) as caller:
        session = (await caller.until("session"))["session"]
        for number, text in enumerate(("Hello.", "Are you there?"), 1):
            await caller.send({"type": "text", "text": text})
            await caller.until("ai_complete", number)
            await caller.speak(silence(2500))
        await caller.send({"type": "end_call"})
        await caller.ws.wait_closed()
    done = await typed(simulated, "replay", session, "--drive", "--json", "--from-turn", "2")
    assert done.returncode == 0, done.stderr
    (turn,) = json.loads(done.stdout)["turns"]
    assert (turn["recorded"]["said"], turn["now"]["said"]) == ("Are you there?", "Are you there?")


async def test_a_sentence_that_was_not_recorded_is_as_much_silence_as_is_told(bus: Bus) -> None:
    whose: dict[str, Any] = {"tenant": "t", "session": "r_pretended", "at_ms": 1}
    began = ev.SessionStarted(**whose, user="u", protocol="continuous", edge="e")
    sentence = ev.ResponseSentence(
        **whose, turn=1, index=0, text="x" * 41, first_token_ms=0, took_ms=0, model="m",
        deadline_ms=0,
    )  # fmt: skip
    chunks: list[SpeechChunk] = []
    ready: asyncio.Future[ev.SpeechReady] = asyncio.Future()

    async def on_sound(message: Delivery) -> None:
        chunks.append(codec.decode_as(SpeechChunk, message.data))

    async def on_result(message: Delivery) -> None:
        if isinstance(event := message.event(), ev.SpeechReady):
            ready.set_result(event)

    async with AsyncExitStack() as stack, asyncio.TaskGroup() as tasks:
        record = RecordedStages(RecordedConnection(began, ()))
        workers = RecordedWorkers(bus, ("t", "r_pretended"), record, ("stt", "tts"), tasks)
        await workers.listen(stack)
        for subject, listener in (
            (subjects.speech("r_pretended"), on_sound),
            (subjects.live("t", "r_pretended", ev.SpeechReady.KIND), on_result),
        ):
            await stack.enter_async_context(bus.listening(subject, listener))
        await bus.flush()
        await bus.publish(sentence)
        told = await asyncio.wait_for(ready, 10)
    assert (told.chunks, told.audio_ms) == (len(chunks), 41 * LETTER_MS)
    assert sum(len(chunk.pcm) for chunk in chunks) == told.audio_ms * BYTES_PER_MS
