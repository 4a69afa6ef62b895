"""The TTS stage: one sentence in, its audio out in numbered chunks."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from runtime.bus.errors import BusAwayError
from schemas import subjects
from schemas.audio import BYTES_PER_MS, ENOUGH_MS, SpeechChunk
from schemas.events import ResponseSentence, SpeechReady, StageName
from workers.engine_executor import EngineExecutor
from workers.engines.protocols import Synthesizer
from workers.stage import JobContext, JobTarget

CHUNK_BYTES = 500 * BYTES_PER_MS
"""At least so much later: a message costs about the same whatever its size."""
MOST_CHUNK_BYTES = 1000 * BYTES_PER_MS
"""A chunk fits a message of the audio stream, which takes 64 KiB."""
TAIL_BYTES = 5 * BYTES_PER_MS
"""Kept back, so that there always is a last chunk to be marked as the last."""
BACKGROUND_RANK = 1_000_000
"""Behind every sentence of a call."""
FIRST_CHUNK_BYTES = ENOUGH_MS * BYTES_PER_MS + TAIL_BYTES
"""At least so much at first: somebody waits for it in silence, and less would not be begun."""


class TtsStage:
    """A sentence a job."""

    name: StageName = "tts"
    job_type = ResponseSentence

    def __init__(self, synthesizer: Synthesizer, executor: EngineExecutor) -> None:
        self.model = synthesizer.name
        self._synthesizer = synthesizer
        self._executor = executor

    @property
    def wait_ms(self) -> int:
        return self._executor.wait_ms

    async def warm(self) -> None:
        await asyncio.to_thread(self._synthesizer.warm)

    def target(self, event: ResponseSentence) -> JobTarget:
        return JobTarget(turn=event.turn, index=event.index)

    async def run(self, job: JobContext[ResponseSentence]) -> None:
        event = job.event
        if event.text_only:
            return
        subject = subjects.speech(event.session, event.turn)
        pieces = self._synthesizer.synthesize(event.text)
        count, first_ms, total = 0, 0.0, 0
        waiting = b""

        async def send(size: int, *, last: bool) -> None:
            nonlocal count, first_ms, total, waiting
            pcm, waiting = waiting[:size], waiting[size:]
            chunk = SpeechChunk(turn=event.turn, index=event.index, chunk=count, pcm=pcm, last=last)
            if not await job.bus.send(subject, chunk):  # a chunk that is missing stalls the call
                raise BusAwayError("a chunk of speech was not sent")
            await asyncio.sleep(0)  # it is on its way before the engine goes on
            first_ms = first_ms or job.took_ms()
            count, total = count + 1, total + len(pcm)

        size, owner = FIRST_CHUNK_BYTES, (event.tenant, event.session)
        # the opening of an answer goes first
        rank = BACKGROUND_RANK if event.background else event.index
        while more := await self._executor.run(
            _more, pieces, size - len(waiting), rank=rank, owner=owner
        ):
            waiting += more
            while len(waiting) > size:
                await send(min(len(waiting) - TAIL_BYTES, MOST_CHUNK_BYTES), last=False)
                size = CHUNK_BYTES
        while waiting:
            await send(MOST_CHUNK_BYTES, last=len(waiting) <= MOST_CHUNK_BYTES)
        ready = SpeechReady(
            **job.head(),
            turn=event.turn,
            index=event.index,
            chunks=count,
            audio_ms=total // BYTES_PER_MS,
            first_chunk_ms=first_ms,
            took_ms=job.took_ms(),
            model=self.model,
        )
        await job.bus.publish(ready)


def _more(pieces: Iterator[bytes], least: int) -> bytes:
    """Return more than *least* bytes of what comes, or the rest, empty at its end.

    An engine's pieces are small; to come back to the event loop for each cost 10 ms a sentence.
    """
    found = bytearray()
    for piece in pieces:
        found += piece
        if len(found) > least:
            break
    return bytes(found)
