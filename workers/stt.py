"""The STT stage: listens to an utterance while it is spoken, knows its words soon after."""

from __future__ import annotations

import asyncio
import functools
from dataclasses import dataclass

from runtime.bus.utterance_frames import frames
from schemas import subjects
from schemas.audio import BYTES_PER_MS, AudioFrame, TranscriptPartial
from schemas.events import SpeechStarted, StageName, TranscriptFinal, TranscriptGuess
from workers.engine_executor import EngineExecutor, Together
from workers.engines.protocols import (
    BatchRecognizer,
    Recognition,
    Recognizer,
    TurnModel,
)
from workers.stage import JobContext, JobTarget, StaleJobError

SILENCE_LIMIT_S = 10.0
"""Without a frame for so long, the edge that spoke is gone."""
STALE_LIMIT_S = 0.6
"""Without a first frame for so long, an utterance nobody waits for any more is gone from the bus.
One that a clock ahead of the server's makes look old has its frames, and is recognised."""
OVER_ANSWER_INTERVAL_MS = 300
"""Partials over an answer decide whether it is interrupted: they come sooner."""


@dataclass
class _Words:
    """What is known of an utterance's words."""

    pause: int = 0
    heard: Recognition | None = None
    """Of the latest pause."""
    partial_ms: int = 0
    """Audio covered by the latest partial."""


class SttStage:
    """Recognition of one utterance a job."""

    name: StageName = "stt"
    job_type = SpeechStarted

    def __init__(
        self,
        recognizer: Recognizer,
        executor: EngineExecutor,
        *,
        partial_interval_ms: int,
        turns: TurnModel | None = None,
        most_at_once: int = 1,
    ) -> None:
        """Take *most_at_once*: how many utterances that wait may be recognised as one batch."""
        self.model = recognizer.name
        self._recognizer = recognizer
        self._executor = executor
        self._interval_ms = partial_interval_ms
        self._turns = turns
        self._most = most_at_once

    @property
    def wait_ms(self) -> int:
        return self._executor.wait_ms

    async def warm(self) -> None:
        await asyncio.to_thread(self._recognizer.warm)
        if self._turns:
            await asyncio.to_thread(self._turns.warm)

    def target(self, event: SpeechStarted) -> JobTarget:
        return JobTarget(utterance=event.utterance)

    async def run(self, job: JobContext[SpeechStarted]) -> None:
        """Follow the utterance to its end: partials while it goes on, a guess at each pause.

        Raises:
            StaleJobError: nobody waits for its words any more, and its audio is gone.
        """
        event = job.event
        pcm, words, end = bytearray(), _Words(), None
        guessing: asyncio.Task[None] | None = None
        partial: asyncio.Task[None] | None = None
        stale = _is_stale(job)
        async with asyncio.TaskGroup() as tasks:
            async for frame in frames(
                job.bus,
                event.session,
                event.utterance,
                silence_limit_s=SILENCE_LIMIT_S,
                first_limit_s=STALE_LIMIT_S if stale else None,
            ):
                pcm += frame.pcm
                if frame.end:
                    end = frame
                elif frame.pause:
                    if guessing:
                        guessing.cancel()  # a newer recognition replaces the older one
                    if partial:
                        partial.cancel()
                    words.pause, words.heard = frame.pause, None
                    guessing = tasks.create_task(self._guess(job, bytes(pcm), words))
                elif self._partial_is_due(event, words, pcm, partial, guessing):
                    words.partial_ms = len(pcm) // BYTES_PER_MS
                    partial = tasks.create_task(self._partial(job, bytes(pcm)))
            for other in (partial, guessing if not _stands(end, words) else None):
                if other:
                    other.cancel()
        if stale and not pcm and end is None:
            raise StaleJobError(f"no worker was free for {job.waited_s:.0f} s: its audio is gone")
        await self._final(job, bytes(pcm), words, end)

    def _partial_is_due(
        self,
        event: SpeechStarted,
        words: _Words,
        pcm: bytearray,
        partial: asyncio.Task[None] | None,
        guessing: asyncio.Task[None] | None,
    ) -> bool:
        if not self._interval_ms or any(t and not t.done() for t in (partial, guessing)):
            return False
        interval_ms = OVER_ANSWER_INTERVAL_MS if event.over_answer else self._interval_ms
        return len(pcm) // BYTES_PER_MS - words.partial_ms >= interval_ms

    async def _hear(self, event: SpeechStarted, pcm: bytes, *, rank: int) -> Recognition:
        listen, language = self._recognizer, event.language
        if isinstance(listen, BatchRecognizer):
            # Words still grow, or an answer is spoken on until those over it are known.
            hurried = rank > 0 or event.over_answer
            each = functools.partial(listen.transcribe_each, language=language, hurried=hurried)
            work = Together(each, kind=(language, hurried), most=self._most)
            heard: Recognition = await self._executor.run_together(work, pcm, rank=rank)
            return heard
        alone = functools.partial(listen.transcribe, pcm, language=language)
        return await self._executor.run(alone, rank=rank)

    async def _guess(self, job: JobContext[SpeechStarted], pcm: bytes, words: _Words) -> None:
        event, pause = job.event, words.pause
        async with asyncio.TaskGroup() as tasks:
            hearing = tasks.create_task(self._hear(event, pcm, rank=0))
            judging = tasks.create_task(self._sounds_finished(pcm))
        if pause != words.pause:
            return
        heard = words.heard = hearing.result()
        guess = TranscriptGuess(
            **job.head(),
            utterance=event.utterance,
            pause=pause,
            text=heard.text,
            confidence=round(heard.confidence, 4),
            took_ms=round(heard.took_ms, 1),
            model=self.model,
            eot_audio=judging.result(),
            eot_stt=None if heard.ended is None else round(heard.ended, 3),
        )
        await job.bus.publish(guess)

    async def _sounds_finished(self, pcm: bytes) -> float | None:
        if self._turns is None:
            return None
        return round(await self._executor.run(self._turns.finished, pcm), 3)

    async def _partial(self, job: JobContext[SpeechStarted], pcm: bytes) -> None:
        event = job.event
        heard = await self._hear(event, pcm, rank=0 if event.over_answer else 1)
        partial = TranscriptPartial(
            utterance=event.utterance, text=heard.text, audio_ms=len(pcm) // BYTES_PER_MS
        )
        await job.bus.send(subjects.partials(event.session), partial)

    async def _final(
        self,
        job: JobContext[SpeechStarted],
        pcm: bytes,
        words: _Words,
        end: AudioFrame | None,
    ) -> None:
        event = job.event
        heard = words.heard if _stands(end, words) else None
        if heard is None:
            heard = await self._hear(event, pcm, rank=0)
        final = TranscriptFinal(
            **job.head(),
            utterance=event.utterance,
            text=heard.text,
            confidence=round(heard.confidence, 4),
            audio_ms=len(pcm) // BYTES_PER_MS,
            took_ms=round(heard.took_ms, 1),
            model=self.model,
        )
        await job.bus.publish(final)


def _is_stale(job: JobContext[SpeechStarted]) -> bool:
    """Tell whether the job waited longer than anybody waits for its words.

    How long that is, the edge's clock tells alone; how long it waited, server's and ours.
    """
    event = job.event
    return event.deadline_ms > 0 and job.waited_s * 1000 > event.deadline_ms - event.at_ms


def _stands(end: AudioFrame | None, words: _Words) -> bool:
    """Tell whether the guess of the latest pause is the whole utterance."""
    return end is not None and end.stands > 0 and end.stands == words.pause
