"""A caller and three stages without a clock: drives a Call and keeps what came out."""

from __future__ import annotations

import functools
from typing import Any, TypeVar

from edge.core.call import Call
from edge.core.clockwork import Clockwork
from edge.core.hearing.caller_audio import frames
from edge.core.hearing.framing import FRAME_BYTES, FRAME_MS
from edge.core.messages.client_events import Speech
from edge.core.messages.effects import Effect, Publish, SendAudio, Tell
from edge.core.messages.inputs import (
    AnyInput,
    ChunkSpoken,
    PartialTranscript,
    Sound,
    StageSaid,
    Started,
    Ticked,
)
from edge.core.session.history import History
from schemas import events as ev
from schemas.audio import BYTES_PER_MS
from schemas.session_config import Delivery, SessionConfig

VOICE = b"\x01" * FRAME_BYTES
SILENCE = bytes(FRAME_BYTES)
T = TypeVar("T")

BEFORE_SETTINGS = {
    "turns.ask_eot": False,
    "interruption.voice_ms": 0,
    "response.history_messages": 20,
    "response.deadline_ms": 15_000,
}
"""What a rehearsed call is set to where its test says nothing."""


def config(delivery: Delivery = "chunks", **changes: Any) -> SessionConfig:
    """Return a configuration; `turns__silence_ms=600` changes `turns.silence_ms`."""
    named = {name.replace("__", "."): value for name, value in changes.items()}
    return SessionConfig().but({**BEFORE_SETTINGS, "voice.delivery": delivery, **named})


def began(of: SessionConfig, at_ms: int = 0) -> ev.SessionStarted:
    return ev.SessionStarted(
        tenant="t", session="s", at_ms=at_ms, user="u", protocol="x", edge="e", config=of
    )


@functools.lru_cache
def sound(pcm: bytes, rest: bytes = b"") -> Sound:
    """Return *pcm* after *rest* of a frame as an input: frames of VOICE hold a voice."""
    audio = rest + pcm
    heard = tuple(frames(audio[: len(audio) // FRAME_BYTES * FRAME_BYTES]))
    return Sound(heard, tuple(frame == VOICE for frame in heard), len(pcm))


class Rehearsal:
    """One call: `says` and `quiet` are the caller, `hears`, `answers`, `speaks` the stages."""

    kind: type[Call] = Call

    def __init__(
        self,
        delivery: Delivery = "chunks",
        *,
        history: History | None = None,
        begins: AnyInput | None = None,
        at_ms: int = 1_000_000,
        **changes: Any,
    ) -> None:
        """Hold a call from *at_ms* on, set to *changes* of the configuration, see `config`."""
        self.now_ms = at_ms
        self.effects: list[Effect] = []
        self.log: list[ev.Event] = []
        """The events of the session and its stages, in order."""
        self._rest = b""
        call = self.kind(began(config(delivery, **changes), self.now_ms), history)
        self.clockwork = Clockwork(call, self._take)
        self.give(begins or Started())

    @property
    def call(self) -> Call:
        return self.clockwork.call

    def give(self, given: AnyInput) -> None:
        """Give the call an input now."""
        self.clockwork.give(given, self.now_ms)

    # ---- the caller

    def says(self, ms: int, words: str | None = None) -> None:
        """Speak; the *words* are told by the STT at the pause that follows."""
        self._frames(VOICE, ms)
        if words is not None:
            self.quiet(160)
            self.hears(words)

    def quiet(self, ms: int) -> None:
        self._frames(SILENCE, ms)

    def _frames(self, frame: bytes, ms: int) -> None:
        for _ in range(ms // FRAME_MS):
            self.now_ms += FRAME_MS
            self._hear(frame)
            self.clockwork.run_until(self.now_ms + 1)

    def burst(self, pcm: bytes) -> None:
        self._hear(pcm)

    def _hear(self, pcm: bytes) -> None:
        given = sound(pcm, self._rest)
        self._rest = (self._rest + pcm)[len(given.frames) * FRAME_BYTES :]
        self.give(given)

    def wait(self, ms: int) -> None:
        """Let time pass without a sound from the client."""
        until_ms = self.now_ms + ms
        while (next_ms := self.clockwork.next_ms) is not None and next_ms <= until_ms:
            self.now_ms = max(next_ms, self.now_ms)
            before = len(self.effects)
            self.give(Ticked())
            if self.clockwork.next_ms == next_ms and len(self.effects) == before:
                raise AssertionError(f"the timer stands still at {next_ms}")
        self.now_ms = until_ms
        self.give(Ticked())

    # ---- the stages

    def hears(self, text: str, *, confidence: float = 0.9) -> None:
        """STT answers the latest pause."""
        pause = self.events(ev.SpeechPaused)[-1]
        self.event(
            ev.TranscriptGuess,
            utterance=pause.utterance,
            pause=pause.pause,
            text=text,
            confidence=confidence,
            took_ms=50.0,
            model="m",
        )

    def partial(self, text: str) -> None:
        utterance = self.events(ev.SpeechStarted)[-1].utterance
        self.give(PartialTranscript(utterance, 300, text))

    def answers(
        self, *sentences: str, turn: int | None = None, eot_llm: float | None = None
    ) -> None:
        """The LLM writes the whole response to the latest turn."""
        number = turn if turn is not None else self.events(ev.TurnTaken)[-1].turn
        for index, text in enumerate(sentences):
            self.event(
                ev.ResponseSentence,
                turn=number,
                index=index,
                text=text,
                first_token_ms=1.0,
                took_ms=2.0,
                model="m",
                deadline_ms=0,
                eot_llm=None if index else eot_llm,
            )
        self.event(
            ev.ResponseCompleted,
            turn=number,
            sentences=len(sentences),
            text=" ".join(sentences),
            model="m",
            prompt_tokens=10,
            completion_tokens=5,
            took_ms=3.0,
        )

    def speaks(self, index: int, ms: int, *, turn: int | None = None) -> None:
        """TTS speaks one sentence in one chunk."""
        number = turn if turn is not None else self.events(ev.TurnTaken)[-1].turn
        pcm = b"\x02" * (BYTES_PER_MS * ms)
        self.give(ChunkSpoken(number, index, 0, pcm, last=True))

    def event(self, kind: type[ev.Event], **fields: Any) -> None:
        """A stage says an event of *kind*."""
        event: Any = kind(tenant="t", session="s", at_ms=self.now_ms, **fields)
        self.log.append(event)
        self.give(StageSaid(event))

    # ---- what came out

    def _take(self, effects: list[Effect], now_ms: int) -> None:
        del now_ms  # the effects have it where it matters
        self.effects += effects
        self.log += [one.event for one in effects if isinstance(one, Publish)]

    def events(self, kind: type[T]) -> list[T]:
        return [
            one.event
            for one in self.effects
            if isinstance(one, Publish) and isinstance(one.event, kind)
        ]

    def told(self, kind: type[T]) -> list[T]:
        return [
            one.event
            for one in self.effects
            if isinstance(one, Tell) and isinstance(one.event, kind)
        ]

    def audio_messages(self, utterance: int) -> list[Any]:
        return [
            one.message
            for one in self.effects
            if isinstance(one, SendAudio) and one.utterance == utterance
        ]

    def spoken_ms(self, turn: int | None = None) -> int:
        return sum(
            len(one.pcm) // BYTES_PER_MS
            for one in self.told(Speech)
            if turn is None or one.turn == turn
        )
