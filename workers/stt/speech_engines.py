"""The engines of the STT stage, a recogniser and a turn model, behind one executor."""

import asyncio
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from schemas.audio import BYTES_PER_S
from schemas.events import SpeechStarted
from schemas.languages import without_region
from workers.engines.protocols import BatchRecognizer, Recognition, Recognizer, TurnModel
from workers.executor.engine_executor import BatchWork, EngineExecutor
from workers.stt.utterance_follower import RequestPhase
from workers.stt.utterance_words import AudioPart


@dataclass(eq=False)
class RecognitionRequest:
    """A requested part of an utterance."""

    part: AudioPart
    pcm: bytes
    begun: threading.Event = field(default_factory=threading.Event)
    """Set by the recogniser's thread; once more if the recogniser fails for its batch."""
    task: asyncio.Task[None] | None = None

    def begin(self) -> bytes:
        """Return the audio, in the recogniser's thread."""
        self.begun.set()
        return self.pcm

    @property
    def phase(self) -> RequestPhase:
        return RequestPhase.BEGUN if self.begun.is_set() else RequestPhase.WAITS

    @property
    def is_active(self) -> bool:
        return self.task is not None and not self.task.done()

    def cancel(self) -> None:
        if self.task:
            self.task.cancel()


class SpeechEngines:
    """Recognises parts of utterances and judges ends of turns, in the order of their ranks."""

    def __init__(
        self,
        recognizer: Recognizer,
        executor: EngineExecutor,
        turn_model: TurnModel | None,
        *,
        most_at_once: int,
    ) -> None:
        """Take *most_at_once*, the most utterances in one batch."""
        self._recognizer = recognizer
        self._executor = executor
        self._turn_model = turn_model
        self._most = most_at_once

    @property
    def wait_ms(self) -> int:
        return self._executor.wait_ms

    def warm(self) -> None:
        """Load the models; blocks."""
        self._recognizer.warm()
        if self._turn_model:
            self._turn_model.warm()

    async def recognise(
        self, request: RecognitionRequest, event: SpeechStarted, *, rank: int, hurried: bool
    ) -> Recognition:
        """Return the recognition of a part of an utterance; a smaller *rank* goes first.

        *hurried*: speed matters more than accuracy.
        """
        recognizer, language = self._recognizer, without_region(event.language)
        owner, audio_s = (event.tenant, event.session), _seconds(request.pcm)
        if not isinstance(recognizer, BatchRecognizer):
            return await self._executor.run(
                lambda: recognizer.transcribe(request.begin(), language=language),
                rank=rank,
                owner=owner,
                audio_s=audio_s,
            )

        def transcribe(several: Sequence[RecognitionRequest]) -> Iterable[tuple[int, Recognition]]:
            pcms = [each_request.begin() for each_request in several]
            return recognizer.transcribe_each(pcms, language=language, hurried=hurried)

        work = BatchWork(transcribe, kind=(language, hurried), most_items=self._most)
        recognition: Recognition = await self._executor.run_batched(
            work, request, rank=rank, owner=owner, audio_s=audio_s
        )
        return recognition

    async def eot_audio(self, event: SpeechStarted, pcm: bytes) -> float | None:
        """Return the probability (0..1) that the speaker of *pcm* is done; None: no turn model."""
        if self._turn_model is None:
            return None
        owner, audio_s = (event.tenant, event.session), _seconds(pcm)
        judging = self._executor.run(self._turn_model.eot_audio, pcm, owner=owner, audio_s=audio_s)
        return round(await judging, 3)


def _seconds(pcm: bytes) -> float:
    return len(pcm) / BYTES_PER_S
