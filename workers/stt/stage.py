"""The STT stage: recognises an utterance while it is spoken."""

import asyncio
from collections.abc import Iterable
from functools import partial
from itertools import takewhile

import structlog

from runtime.bus.audio_messages import audio_messages
from runtime.text.redaction import Redaction
from schemas import subjects
from schemas.audio import TranscriptPartial
from schemas.events import SpeechStarted, StageName, TranscriptFinal, TranscriptGuess
from workers.engines.protocols import Recognition, Recognizer, TurnModel
from workers.executor.engine_executor import EngineExecutor
from workers.loop.job_target import EngineHungError, JobTarget, StaleJobError
from workers.loop.stage import JobContext
from workers.stt.recognition_urgency import partial_interval_ms, urgency
from workers.stt.speech_engines import RecognitionRequest, SpeechEngines
from workers.stt.utterance_follower import (
    Action,
    CancelPart,
    CancelPartial,
    FollowPhase,
    JudgePause,
    Recognise,
    Requests,
    UtteranceFollower,
)
from workers.stt.utterance_words import AudioPart, PauseTranscript, RecognisedWords, UtteranceWords

log = structlog.get_logger(__name__)

STALE_LIMIT_S = 0.6
"""The longest wait for the first audio of an utterance that looks past its deadline. The audio is
gone, or it is there and only a clock is ahead of the server's."""


class SttStage:
    """The STT stage: a job is one utterance."""

    name: StageName = "stt"
    job_type = SpeechStarted

    def __init__(
        self,
        recognizer: Recognizer,
        executor: EngineExecutor,
        *,
        partial_interval_ms: int,
        turn_model: TurnModel | None = None,
        most_at_once: int = 1,
        redaction: Redaction | None = None,
    ) -> None:
        """Take *most_at_once*, the most waiting utterances in one batch."""
        self.model = recognizer.name
        self.interval_ms = partial_interval_ms
        self.mask = (redaction or Redaction()).mask
        self.engines = SpeechEngines(recognizer, executor, turn_model, most_at_once=most_at_once)

    @property
    def wait_ms(self) -> int:
        return self.engines.wait_ms

    async def warm(self) -> None:
        await asyncio.to_thread(self.engines.warm)

    def target(self, event: SpeechStarted) -> JobTarget:
        return JobTarget(utterance=event.utterance)

    async def run(self, job: JobContext[SpeechStarted]) -> None:
        """Follow the utterance to its end; publish partials, and a transcript at each pause.

        Raises:
            StaleJobError: the words are no longer needed, and the audio is gone.
        """
        event = job.event
        words = await _settled_words(job) if job.attempt > 1 else UtteranceWords()
        stale = _is_stale(job)
        follower = UtteranceFollower(words, partial_interval_ms(event, self.interval_ms))
        async with asyncio.TaskGroup() as tasks:
            utterance_job = UtteranceJob(self, job, words, tasks)
            async for message in audio_messages(
                job.bus,
                event.session,
                event.utterance,
                first_limit_s=STALE_LIMIT_S if stale else None,
                known_ms=words.settled_ms,
            ):
                utterance_job.carry_out(follower.hear(message, utterance_job.requests))
            is_gone = stale and follower.phase is FollowPhase.WAITS
            if not is_gone:
                utterance_job.carry_out(follower.no_more_audio(utterance_job.requests))
        if is_gone:
            raise StaleJobError(f"no worker was free for {job.waited_s:.0f} s: its audio is gone")
        final = TranscriptFinal(
            **job.head(),
            utterance=event.utterance,
            text=self.mask(words.final.text),
            confidence=round(words.final.confidence, 4),
            audio_ms=max(words.settled_ms, follower.until_ms),
            took_ms=round(words.final.took_ms, 1),
            model=self.model,
        )
        await job.bus.publish(final)


class UtteranceJob:
    """Carries out the job of one utterance: recognises its parts and publishes transcripts."""

    def __init__(
        self,
        stage: SttStage,
        job: JobContext[SpeechStarted],
        words: UtteranceWords,
        tasks: asyncio.TaskGroup,
    ) -> None:
        self._stage = stage
        self._job = job
        self._words = words
        self._tasks = tasks
        self._parts: dict[AudioPart, RecognitionRequest] = {}
        """Requested parts without words yet; the part of a partial transcript is `_partial`."""
        self._partial: RecognitionRequest | None = None
        self._eot_audio: dict[int, asyncio.Task[float | None]] = {}
        """The turn model's probability of an end of turn, 0..1, by pause."""

    @property
    def requests(self) -> Requests:
        parts = {part: request.phase for part, request in self._parts.items()}
        latest = self._partial
        return Requests(parts, latest.phase if latest and latest.is_active else None)

    def carry_out(self, actions: Iterable[Action]) -> None:
        """Carry out *actions*."""
        for action in actions:
            match action:
                case JudgePause(pause, pcm):
                    self._eot_audio[pause] = self._tasks.create_task(self._judge(pcm))
                case Recognise(part, pcm, partial=True):
                    self._partial = request = RecognitionRequest(part, pcm)
                    request.task = self._tasks.create_task(self._publish_partial(request))
                case Recognise(part, pcm):
                    self._parts[part] = request = RecognitionRequest(part, pcm)
                    request.task = self._tasks.create_task(self._publish_transcripts(request))
                case CancelPart(part):
                    self._parts.pop(part).cancel()
                case CancelPartial():
                    if self._partial:
                        self._partial.cancel()

    async def _judge(self, pcm: bytes) -> float | None:
        """Return the turn model's probability that the caller is done; None: it has none.

        The words are known without it, so its errors cost them nothing.

        Raises:
            EngineHungError: the model hangs.
        """
        try:
            return await self._stage.engines.eot_audio(self._job.event, pcm)
        except EngineHungError:
            raise
        except Exception as error:  # whatever a model's library raises
            log.warning("turn_model_failed", exc_info=error)
            return None

    async def _recognise(self, request: RecognitionRequest, *, partial: bool) -> Recognition:
        event = self._job.event
        urgent = urgency(event, request.part, partial=partial)
        return await self._stage.engines.recognise(
            request, event, rank=urgent.rank, hurried=urgent.hurried
        )

    async def _publish_partial(self, request: RecognitionRequest) -> None:
        recognition = await self._recognise(request, partial=True)
        text = self._words.partial(request.part, recognition)
        if text is None:
            return
        event = self._job.event
        partial = TranscriptPartial(
            utterance=event.utterance,
            text=self._stage.mask(text, growing=True),
            audio_ms=request.part.until_ms,
        )
        await self._job.bus.send(subjects.partials(event.session), partial)

    async def _publish_transcripts(self, request: RecognitionRequest) -> None:
        recognition = await self._recognise(request, partial=False)
        del self._parts[request.part]
        for transcript in list(self._words.recognised(request.part, recognition)):
            await self._publish(transcript)

    async def _publish(self, transcript: PauseTranscript) -> None:
        # a cut is no pause, so a number at the end may continue
        words, mask = transcript.words, partial(self._stage.mask, growing=transcript.cut_ms > 0)
        eot_audio = self._eot_audio.get(transcript.pause)
        self._eot_audio = {
            pause: probability
            for pause, probability in self._eot_audio.items()
            if pause > transcript.pause
        }
        text = mask(words.text)
        settled_words = _common_prefix(text.split(), mask(transcript.settled).split())
        guess = TranscriptGuess(
            **self._job.head(),
            utterance=self._job.event.utterance,
            pause=transcript.pause or -transcript.cut_ms,
            text=text,
            confidence=round(words.confidence, 4),
            took_ms=round(words.took_ms, 1),
            model=self._stage.model,
            eot_audio=await eot_audio if eot_audio else None,
            eot_stt=None if words.eot_stt is None else round(words.eot_stt, 3),
            settled_ms=transcript.settled_ms,
            settled_words=settled_words,
            cut_ms=transcript.cut_ms,
        )
        await self._job.bus.publish(guess)


async def _settled_words(job: JobContext[SpeechStarted]) -> UtteranceWords:
    """Return the words that an earlier attempt settled, since their audio may be gone.

    STT's rights on the bus are for the newest transcript of a session alone, which has all settled
    words of its utterance. If it is of another utterance, there are none: the words are recognised
    again from the audio, of which AURA_AUDIO keeps 150 s.
    """
    event = job.event
    subject = subjects.session_events(event.tenant, event.session, TranscriptGuess.KIND)
    stored = await job.bus.last_of(subject)
    transcript = stored.readable() if stored else None  # None: also one of a newer version
    if not isinstance(transcript, TranscriptGuess) or transcript.utterance != event.utterance:
        return UtteranceWords()
    text = " ".join(transcript.text.split()[: transcript.settled_words])
    return UtteranceWords(RecognisedWords(text, transcript.confidence), transcript.settled_ms)


def _common_prefix(some: list[str], others: list[str]) -> int:
    """Return the number of common first words; a mask may extend past the settled words."""
    return sum(
        1 for _ in takewhile(lambda both: both[0] == both[1], zip(some, others, strict=False))
    )


def _is_stale(job: JobContext[SpeechStarted]) -> bool:
    """Tell whether the job waited so long that its words are no longer needed.

    The time allowed follows from the edge's clock alone, the time waited from the server's and
    ours.
    """
    event = job.event
    return event.deadline_ms > 0 and job.waited_s * 1000 > event.deadline_ms - event.at_ms
