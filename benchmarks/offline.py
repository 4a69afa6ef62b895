"""A call without a clock: the edge's own decisions, the real recogniser, stages with fixed delays.

It runs minutes of conversation in seconds, and always the same way, to compare hundreds of calls
for the trade-offs of turn-taking. `latency` measures the cost of bus and engines.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from edge.core.call import Call
from edge.core.clockwork import Clockwork
from edge.core.hearing.caller_audio import CallerAudio
from edge.core.hearing.framing import FRAME_BYTES, FRAME_MS
from edge.core.messages.client_events import ClientEvent
from edge.core.messages.effects import Effect, Publish, SendAudio, Tell
from edge.core.messages.inputs import AnyInput, ChunkSpoken, PartialTranscript, StageSaid, Started
from schemas import events as ev
from schemas.audio import BYTES_PER_MS, AudioFrame
from schemas.session_config import SessionConfig
from workers.engines.protocols import Recognition

START_MS = 1_000_000
Hear = Callable[[bytes], tuple[Recognition, float | None]]
"""Returns the words of s16le mono 16 kHz, and the turn model's probability of an end."""
Eot = Callable[[str], float | None]
"""Returns the language model's probability of an end after the caller's words."""
_T = TypeVar("_T")


@dataclass(frozen=True)
class Stages:
    """Delays of the stages, ms."""

    stt_ms: int = 150
    llm_ms: int = 150
    tts_ms: int = 250
    eot_ms: int = 120
    """Added to the language model's delay if it is asked for the end of turn too."""
    partial_every_ms: int = 300
    all_partials: bool = False
    """Whether all speech has partial transcripts; else only speech over a response."""


@dataclass
class CallEvents:
    """The events of a call, with times in ms from the first frame."""

    events: list[tuple[int, ev.Event]] = field(default_factory=list)
    told: list[tuple[int, ClientEvent]] = field(default_factory=list)

    def of(self, kind: type[_T]) -> list[tuple[int, _T]]:
        """Return the events of *kind*, of the session or of the client."""
        return [(at, event) for at, event in (*self.events, *self.told) if isinstance(event, kind)]


def began(config: SessionConfig, tenant: str = "bench", session: str = "s") -> ev.SessionStarted:
    """Return `session.started` of a call with *config*."""
    return ev.SessionStarted(
        tenant=tenant,
        session=session,
        at_ms=START_MS,
        user="somebody",
        protocol="continuous",
        edge="bench",
        config=config.but({"voice.delivery": "chunks"}),
    )


class OfflineCall:
    """A call; `run` plays a recording to it."""

    def __init__(
        self,
        hear: Hear,
        begins: ev.SessionStarted,
        *,
        answer: tuple[str, bytes],
        stages: Stages | None = None,
        eot: Eot | None = None,
        call: Call | None = None,
    ) -> None:
        """Respond to every turn with *answer* (text, pcm)."""
        self._hear = hear
        self._eot = eot or (lambda _text: None)
        self._tenant, self._session = begins.tenant, begins.session
        self._clockwork = Clockwork(call or Call(begins), self._do)
        self._audio = CallerAudio()
        self._answer = answer
        self._stages = stages or Stages()
        self._now_ms = START_MS
        self._sound: dict[int, bytearray] = {}
        self._partial_at: dict[int, int] = {}
        self._growing: set[int] = set()
        self.heard = CallEvents()

    def run(self, pcm: bytes) -> CallEvents:
        """Speak *pcm* (s16le mono 16 kHz) and return the events."""
        self.give(Started())
        for at in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES):
            next_ms = self._now_ms + FRAME_MS
            self._clockwork.run_until(next_ms + 1)
            self._now_ms = next_ms
            self.give(self._audio.hear(pcm[at : at + FRAME_BYTES], self._now_ms))
        return self.heard

    def give(self, call_input: AnyInput) -> None:
        """Give the call an input now."""
        self._clockwork.give(call_input, self._now_ms)

    def _do(self, effects: list[Effect], now_ms: int) -> None:
        self._now_ms = now_ms
        at_ms = now_ms - START_MS
        for effect in effects:
            match effect:
                case Publish(event):
                    self.heard.events.append((at_ms, event))
                    self._publish(event)
                case SendAudio(utterance, message):
                    self._listen(utterance, message)
                case Tell(client_event):
                    self.heard.told.append((at_ms, client_event))
                case _:
                    pass

    def _publish(self, event: ev.Event) -> None:
        match event:
            case ev.SpeechStarted(utterance=utterance, over_response=over):
                if over or self._stages.all_partials:
                    self._growing.add(utterance)
            case ev.TurnTaken():
                self._respond(event)
            case _:
                pass

    def _respond(self, taken: ev.TurnTaken) -> None:
        """Act as language model and voice: respond in one sentence."""
        text, pcm = self._answer
        stages, turn = self._stages, taken.turn
        llm_ms = stages.llm_ms + (stages.eot_ms if taken.ask_eot else 0)
        sentence = ev.ResponseSentence(
            **self._head(),
            turn=turn,
            index=0,
            text=text,
            first_token_ms=1.0,
            took_ms=1.0,
            model="m",
            deadline_ms=0,
            eot_llm=self._eot(taken.messages[-1].text) if taken.ask_eot else None,
        )
        completed = ev.ResponseCompleted(
            **self._head(),
            turn=turn,
            sentences=1,
            text=text,
            model="m",
            prompt_tokens=0,
            completion_tokens=0,
            took_ms=1.0,
        )
        self._later(llm_ms, StageSaid(sentence))
        self._later(llm_ms, StageSaid(completed))
        self._later(llm_ms + stages.tts_ms, ChunkSpoken(turn, 0, 0, pcm, last=True))

    def _listen(self, utterance: int, message: AudioFrame) -> None:
        """Act as recogniser: words at each pause, partial transcripts over a response."""
        sound = self._sound.setdefault(utterance, bytearray())
        sound += message.pcm
        if message.pause:
            words, eot_audio = self._hear(bytes(sound))
            guess = ev.TranscriptGuess(
                **self._head(),
                utterance=utterance,
                pause=message.pause,
                text=words.text,
                confidence=words.confidence,
                took_ms=1.0,
                model="m",
                eot_audio=eot_audio,
                eot_stt=words.eot_stt,
            )
            self._later(self._stages.stt_ms, StageSaid(guess))
        elif utterance in self._growing and not message.end:
            length_ms = len(sound) // BYTES_PER_MS
            if length_ms - self._partial_at.get(utterance, 0) >= self._stages.partial_every_ms:
                self._partial_at[utterance] = length_ms
                words, _ = self._hear(bytes(sound))
                self._later(
                    self._stages.stt_ms, PartialTranscript(utterance, length_ms, words.text)
                )

    def _later(self, delay_ms: int, call_input: AnyInput) -> None:
        self._clockwork.schedule(call_input, self._now_ms + delay_ms)

    def _head(self) -> ev.Head:
        return {"tenant": self._tenant, "session": self._session, "at_ms": self._now_ms}
