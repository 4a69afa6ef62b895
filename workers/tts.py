"""The TTS stage: synthesizes a sentence as numbered chunks of audio."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import structlog

from runtime.bus.errors import BusAwayError
from schemas import subjects
from schemas.audio import BYTES_PER_MS, ENOUGH_MS, SpeechChunk
from schemas.events import ResponseSentence, SpeechReady, StageName
from workers.engine_executor import EngineExecutor
from workers.engines.errors import EngineError
from workers.engines.protocols import ChosenVoice, ManyVoices, SpeakerVoice, Synthesizer, VoiceUsed
from workers.fixed_words import FixedWords, Spoken
from workers.stage import JobContext, JobTarget

log = structlog.get_logger(__name__)

CHUNK_BYTES = 500 * BYTES_PER_MS
"""The least length of later chunks, since a message costs about the same whatever its size."""
MOST_CHUNK_BYTES = 1000 * BYTES_PER_MS
"""The largest chunk: a message of the audio stream has 64 KiB at most."""
TAIL_BYTES = 5 * BYTES_PER_MS
"""The audio that is kept back, so that the last chunk can be marked."""
BACKGROUND_RANK = 1_000_000
"""The rank of background jobs: after all sentences of calls."""
FIRST_CHUNK_BYTES = ENOUGH_MS * BYTES_PER_MS + TAIL_BYTES
"""The least length of the first chunk; it is short, since the caller waits for it in silence."""
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
            except EngineError as error:  # the next job will report it
                log.warning("greeting_not_spoken", why=type(error).__name__)

    def target(self, event: ResponseSentence) -> JobTarget:
        return JobTarget(turn=event.turn, index=event.index)

    async def run(self, job: JobContext[ResponseSentence]) -> None:
        event = job.event
        if event.text_only:
            return
        speaker = SpeakerVoice(event.voice, event.language, event.speed)
        # it searches the disk
        voice = await asyncio.to_thread(self._many.choose, speaker) if self._many else self._own
        spoken = Spoken.of(voice.used, event.speed, event.language, event.text)
        sending = _Sending(job)
        if event.is_fixed and (kept := self._fixed.get(spoken)):
            await sending.take(kept)
        else:
            await self._synthesize(job, voice, sending)
        pcm = await sending.end()
        if event.is_fixed:
            self._fixed.keep(spoken, pcm)
        ready = SpeechReady(
            **job.head(),
            turn=event.turn,
            index=event.index,
            chunks=sending.count,
            audio_ms=len(pcm) // BYTES_PER_MS,
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
        # the first sentence of a response goes first
        rank = BACKGROUND_RANK if event.background else event.index
        while more := await self._executor.run(
            _more, pieces, sending.wanted, rank=rank, owner=owner
        ):
            await sending.take(more)

    def _speak_greeting(self) -> None:
        speaker = self._speaker
        voice = self._many.choose(speaker) if self._many else self._own
        spoken = Spoken.of(voice.used, speaker.speed, speaker.language, self._greeting)
        self._fixed.keep(spoken, b"".join(voice.synthesize(self._greeting)))


class _Sending:
    """Sends the audio of one sentence in numbered chunks, the last of them marked."""

    def __init__(self, job: JobContext[ResponseSentence]) -> None:
        self._job = job
        self._subject = subjects.speech(job.event.session, job.event.turn)
        self._waiting = b""
        self._sent: list[bytes] = []
        self.first_ms = 0.0
        """Time from taking the job to the first chunk."""
        self._size = FIRST_CHUNK_BYTES

    @property
    def count(self) -> int:
        return len(self._sent)

    @property
    def wanted(self) -> int:
        """Bytes that the next chunk still needs."""
        return self._size - len(self._waiting)

    async def take(self, pcm: bytes) -> None:
        """Send full chunks of the audio, and keep the tail back."""
        self._waiting += pcm
        while len(self._waiting) > self._size:
            await self._send(min(len(self._waiting) - TAIL_BYTES, MOST_CHUNK_BYTES), last=False)
            self._size = CHUNK_BYTES

    async def end(self) -> bytes:
        """Send the rest and return all of it."""
        while self._waiting:
            await self._send(MOST_CHUNK_BYTES, last=len(self._waiting) <= MOST_CHUNK_BYTES)
        return b"".join(self._sent)

    async def _send(self, size: int, *, last: bool) -> None:
        event = self._job.event
        pcm, self._waiting = self._waiting[:size], self._waiting[size:]
        chunk = SpeechChunk(
            turn=event.turn, index=event.index, chunk=self.count, pcm=pcm, last=last
        )
        if not await self._job.bus.send(
            self._subject, chunk
        ):  # the call would stall at a missing chunk
            raise BusAwayError("a chunk of speech was not sent")
        await asyncio.sleep(0)  # the chunk is sent before the engine goes on
        self.first_ms = self.first_ms or self._job.took_ms()
        self._sent.append(pcm)


def _more(pieces: Iterator[bytes], least: int) -> bytes:
    """Return more than *least* bytes of the next audio, or the rest, or b"" at the end.

    An engine's pieces are small, and a return to the event loop for each cost 10 ms a sentence.
    """
    found = bytearray()
    for piece in pieces:
        found += piece
        if len(found) > least:
            break
    return bytes(found)
