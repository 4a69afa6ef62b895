"""The TTS stage: synthesizes a sentence as numbered chunks of audio."""

from __future__ import annotations

import asyncio

import structlog

from runtime.bus.errors import BusAwayError
from schemas import subjects
from schemas.audio import BYTES_PER_MS, SpeechChunk
from schemas.events import ResponseSentence, SpeechReady, StageName
from workers.engines.errors import EngineError
from workers.engines.protocols import ChosenVoice, ManyVoices, SpeakerVoice, Synthesizer, VoiceUsed
from workers.executor.engine_executor import EngineExecutor
from workers.loop.job_target import JobTarget
from workers.loop.stage import JobContext
from workers.tts.fixed_words import FixedWords, Spoken
from workers.tts.speech_chunks import ChunkCutter, chunks_of, next_audio

log = structlog.get_logger(__name__)

BACKGROUND_SENTENCE_RANK = 1_000_000
"""The rank of background jobs: after all sentences of calls."""
OWN_VOICE = SpeakerVoice()


class TtsStage:
    """The TTS stage: a job is one sentence."""

    name: StageName = "tts"
    job_type = ResponseSentence

    def __init__(
        self,
        synthesizer: Synthesizer,
        executor: EngineExecutor,
        *,
        greeting: str = "",
        speaker: SpeakerVoice = OWN_VOICE,
    ) -> None:
        """Take *greeting*, which is synthesized with *speaker* before the first call."""
        self.model = synthesizer.name
        self._synthesizer = synthesizer
        self._many = synthesizer if isinstance(synthesizer, ManyVoices) else None
        self._own = ChosenVoice(VoiceUsed(synthesizer.name), synthesizer.synthesize)
        self._executor = executor
        self._fixed = FixedWords()
        self._greeting = greeting
        self._speaker = speaker

    @property
    def wait_ms(self) -> int:
        return self._executor.wait_ms

    async def warm(self) -> None:
        await asyncio.to_thread(self._synthesizer.warm)
        if self._greeting:
            try:
                await asyncio.to_thread(self._speak_greeting)
            except EngineError as error:  # the next job reports it
                log.warning("greeting_not_spoken", why=type(error).__name__)

    def target(self, event: ResponseSentence) -> JobTarget:
        return JobTarget(turn=event.turn, index=event.index)

    async def run(self, job: JobContext[ResponseSentence]) -> None:
        event = job.event
        if event.text_only:
            return
        speaker = SpeakerVoice(event.voice, event.language, event.speed)
        # a thread, since `choose` searches the disk
        voice = await asyncio.to_thread(self._many.choose, speaker) if self._many else self._own
        spoken = Spoken.of(voice.used, event.speed, event.language, event.text)
        sending = _Sending(job)
        if event.is_fixed and (known_chunks := self._fixed.get(spoken)):
            for number, chunk in enumerate(known_chunks, start=1):
                await sending.send(chunk, last=number == len(known_chunks))
        else:
            await self._synthesize(job, voice, sending)
        if event.is_fixed:
            self._fixed.keep(spoken, sending.sent)
        ready = SpeechReady(
            **job.head(),
            turn=event.turn,
            index=event.index,
            chunks=len(sending.sent),
            audio_ms=sum(map(len, sending.sent)) // BYTES_PER_MS,
            first_chunk_ms=sending.first_ms,
            took_ms=job.took_ms(),
            model=voice.used.name,
        )
        await job.bus.publish(ready)

    async def _synthesize(
        self, job: JobContext[ResponseSentence], voice: ChosenVoice, sending: _Sending
    ) -> None:
        event = job.event
        pieces, owner = voice.synthesize(event.text), (event.tenant, event.session)
        # a smaller rank goes first, so first sentences do
        rank = BACKGROUND_SENTENCE_RANK if event.background else event.index
        cutter = ChunkCutter()
        while more := await self._executor.run(
            next_audio, pieces, cutter.wanted, rank=rank, owner=owner
        ):
            for chunk in cutter.cut(more):
                await sending.send(chunk)
        if cutter.rest:
            await sending.send(cutter.rest, last=True)

    def _speak_greeting(self) -> None:
        speaker = self._speaker
        voice = self._many.choose(speaker) if self._many else self._own
        spoken = Spoken.of(voice.used, speaker.speed, speaker.language, self._greeting)
        self._fixed.keep(spoken, chunks_of(voice.synthesize(self._greeting)))


class _Sending:
    """Sends the chunks of one sentence."""

    def __init__(self, job: JobContext[ResponseSentence]) -> None:
        self._job = job
        self._subject = subjects.speech(job.event.session, job.event.turn)
        self.sent: list[bytes] = []
        self.first_ms = 0.0
        """Time from taking the job to the first chunk."""

    async def send(self, pcm: bytes, *, last: bool = False) -> None:
        event = self._job.event
        chunk = SpeechChunk(
            turn=event.turn, index=event.index, chunk=len(self.sent), pcm=pcm, last=last
        )
        if not await self._job.bus.send(self._subject, chunk):
            raise BusAwayError("a chunk of speech was not sent")
        await asyncio.sleep(0)  # the chunk is sent before the engine goes on
        self.first_ms = self.first_ms or self._job.took_ms()
        self.sent.append(pcm)
