"""Background jobs: recognition or synthesis without a call.

A request has a session in the log, so that it is listed and deleted like a call. Its jobs are
`background`: workers do those of calls first.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from edge.call.clock import now_ms
from edge.call.first_events import FirstEvents
from edge.call.log_position import LogPosition
from edge.call.resync import unread_events
from edge.call.stage_listener import StageListener
from edge.core.hearing.framing import FRAME_BYTES
from edge.core.hearing.utterance import FRAMES_PER_MESSAGE
from edge.core.messages.inputs import AnyInput, ChunkSpoken
from edge.core.response.sentence import Sentence
from runtime.bus.connection import Bus
from runtime.bus.errors import BusAwayError
from runtime.sessions.listing import REQUEST_PROTOCOL
from schemas import subjects
from schemas.audio import BYTES_PER_MS, AudioFrame
from schemas.events import (
    AnyEvent,
    EndReason,
    Event,
    Head,
    JobFailed,
    ResponseCancelled,
    ResponseSentence,
    SessionEnded,
    SpeechReady,
    SpeechStarted,
    StageOrAudio,
    TranscriptFinal,
)
from schemas.session_config import SessionConfig

MESSAGE_BYTES = FRAMES_PER_MESSAGE * FRAME_BYTES
RESULT_POLL_S = 2.0
"""The silence after which the streams are read, since a result may have been lost."""
PIECE_TIMEOUT_S = 60.0
"""The longest silence, after which a piece has failed: workers are busy or gone."""
TURN = 1
T = TypeVar("T", SpeechReady, TranscriptFinal)


class StageFailedError(Exception):
    """A stage gave the job up, or did not answer in time."""


class AudioLostError(StageFailedError):
    """The recogniser did not get all of the audio, so that words would be missing."""


@dataclass
class StageJobs:
    """The jobs of one request, one after the other."""

    bus: Bus
    tenant: str
    session: str
    poll_s: float = RESULT_POLL_S
    timeout_s: float = PIECE_TIMEOUT_S
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _events: list[AnyEvent] = field(default_factory=list)
    """The events of the stages, in the order of arrival."""
    _sentences: dict[int, Sentence] = field(default_factory=dict)

    def __post_init__(self) -> None:
        session_ref = (self.tenant, self.session)
        self._stages = StageListener(self.bus, session_ref)
        self._position = LogPosition(session_ref)

    @property
    def speaks(self) -> bool:
        """Whether a sentence is not spoken to its end."""
        return bool(self._sentences)

    async def listen(self, stack: AsyncExitStack) -> None:
        """Listen to the stages until *stack* is closed."""
        await self._stages.listen(stack, self._on_audio, self._on_event)

    async def transcribe(self, number: int, pcm: bytes, language: str) -> str:
        """Return the words in *pcm*: s16le mono 16 kHz, 30 s at most; *number* counts from 1.

        Raises:
            AudioLostError: a message was lost and is not in the stream either.
            StageFailedError: the recogniser gave it up, or is silent.
            BusAwayError: the job cannot be published.
        """
        started = SpeechStarted(
            **self.head(),
            utterance=number,
            language=language,
            deadline_ms=now_ms() + int(self.timeout_s * 1000),
            background=True,
        )
        await self.bus.publish(started)
        subject = subjects.utterance(self.session, number)
        starts = range(0, max(1, len(pcm)), MESSAGE_BYTES)
        for seq, at in enumerate(starts):
            message = AudioFrame(
                seq=seq,
                pcm=pcm[at : at + MESSAGE_BYTES],
                from_ms=at // BYTES_PER_MS,
                end=seq == len(starts) - 1,
            )
            if not await self.bus.send(subject, message):  # words would be missing
                raise BusAwayError("a piece of audio was not sent")
        while not (final := self._find(TranscriptFinal, number)):
            await self._more("stt", number)
        if final.audio_ms < (audio_ms := len(pcm) // BYTES_PER_MS):
            raise AudioLostError(f"the recogniser got {final.audio_ms} of {audio_ms} ms")
        return final.text

    async def speak(self, index: int, text: str) -> AsyncIterator[bytes]:
        """Yield *text* as audio, s16le mono 16 kHz, as it arrives; *index* counts from 0.

        Raises:
            StageFailedError: the voice gave it up, or is silent.
            BusAwayError: the job cannot be published.
        """
        sentence = self._sentences[index] = Sentence(text)
        await self.bus.publish(
            ResponseSentence(
                **self.head(),
                turn=TURN,
                index=index,
                text=text,
                first_token_ms=0.0,
                took_ms=0.0,
                model="",
                deadline_ms=now_ms() + int(self.timeout_s * 1000),
                background=True,
            )
        )
        at = 0
        while True:
            if len(sentence.pcm) > at:
                yield sentence.pcm[at:]
                at = len(sentence.pcm)
            ready = self._find(SpeechReady, index)
            if sentence.voiced or (ready and not ready.chunks):  # it has nothing to speak
                del self._sentences[index]
                return
            await self._more("tts", index)

    def head(self) -> Head:
        """Return the head of an event of now."""
        return {"tenant": self.tenant, "session": self.session, "at_ms": now_ms()}

    def _find(self, kind: type[T], number: int) -> T | None:
        """Return the event *kind* of the job *number*."""
        for event in self._events:
            if isinstance(event, kind):
                about = event.utterance if isinstance(event, TranscriptFinal) else event.index
                if about == number:
                    return event
        return None

    async def _more(self, stage: StageOrAudio, number: int) -> None:
        """Wait for an event of the *stage*'s job *number*; read the streams if none comes.

        Raises:
            StageFailedError: the stage gave it up, or is silent.
        """
        loop = asyncio.get_running_loop()
        until_s = loop.time() + self.timeout_s
        while not self._news.is_set():
            try:
                async with asyncio.timeout(self.poll_s):
                    await self._news.wait()
            except TimeoutError:
                await self._reread()
            if loop.time() > until_s:
                raise StageFailedError(f"no answer within {self.timeout_s:g} s")
        self._news.clear()
        for event in self._events:
            if not isinstance(event, JobFailed) or event.stage != stage:
                continue
            if number == (event.utterance if stage == "stt" else event.index):
                raise StageFailedError(event.reason)

    async def _reread(self) -> None:
        """Take the missed events and all audio in the streams; duplicates have no effect."""
        for event in await unread_events(self.bus, self._position):
            self._stages.event(event.data, event.subject, event.seq, self._on_event)
        await self._stages.resync_speech(TURN, self._on_audio)

    def _on_event(self, event: AnyEvent, seq: int) -> None:
        del seq
        if event not in self._events:
            self._events.append(event)
            self._news.set()

    def _on_audio(self, chunk: AnyInput) -> None:
        if isinstance(chunk, ChunkSpoken) and (sentence := self._sentences.get(chunk.index)):
            before = len(sentence.pcm)
            sentence.add(chunk)
            if len(sentence.pcm) > before or sentence.voiced:
                self._news.set()


@asynccontextmanager
async def stage_jobs(
    bus: Bus, first_events: FirstEvents, config: SessionConfig, encode: Callable[[Event], bytes]
) -> AsyncIterator[StageJobs]:
    """Yield the jobs of a request, which is the session of *first_events* inside the block.

    Its first event is encoded by *encode*. At the end of the block workers give up a sentence that
    is not spoken to its end.

    Raises:
        BusAwayError: its first or last event cannot be stored.
    """
    jobs = StageJobs(bus, first_events.tenant, first_events.session)
    began = first_events.started(config, None, now_ms())
    reason: EndReason = "failed"
    async with AsyncExitStack() as stack:
        await jobs.listen(stack)
        await bus.publish(began, encode(began))
        try:
            yield jobs
            reason = "end_call"
        finally:
            if jobs.speaks:
                await bus.publish(ResponseCancelled(**jobs.head(), turn=TURN, reason="hung_up"))
            ended = SessionEnded(
                **jobs.head(),
                reason=reason,
                turns=0,
                started_at_ms=began.at_ms,
                user=first_events.user,
                protocol=first_events.protocol,
            )
            await bus.publish(ended)


def request_of(tenant: str, user: str, edge: str) -> FirstEvents:
    """Return the first events of a new request of *user*."""
    return FirstEvents(tenant, f"b_{secrets.token_hex(10)}", user, REQUEST_PROTOCOL, edge)
