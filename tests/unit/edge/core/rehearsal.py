"""A caller and three stages without a clock: drives a Call and keeps what came out."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from edge.core.call import Call
from edge.core.effects import Effect, Publish, SendFrame, Tell
from edge.core.notices import Delivery
from edge.core.session.history import History
from edge.core.session.rules import Rules
from schemas import events as ev
from schemas.audio import SpeechChunk, TranscriptPartial

VOICE = b"\x01" * 640
SILENCE = bytes(640)
T = TypeVar("T")


class Rehearsal:
    """One call: `says` and `quiet` are the caller, `hears`, `answers`, `speaks` the stages."""

    def __init__(
        self,
        delivery: Delivery = Delivery.CHUNKS,
        *,
        history: History | None = None,
        settings: ev.SessionSettings | None = None,
        **rules: Any,
    ) -> None:
        self.now_ms = 1_000_000
        self.effects: list[Effect] = []
        made = Rules(settings or ev.SessionSettings(), **rules)
        self.call = self.make(made, delivery, history)
        self._take(self.call.start(self.now_ms))

    def make(self, rules: Rules, delivery: Delivery, history: History | None) -> Call:
        return Call(
            "t", "s", rules, delivery, history=history, is_voice=lambda frame: frame == VOICE
        )

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
        for _ in range(ms // 20):
            self.now_ms += 20
            self._take(self.call.hear(frame, self.now_ms))
            self._let_timers_run()

    def burst(self, pcm: bytes) -> None:
        self._take(self.call.hear(pcm, self.now_ms))

    def wait(self, ms: int) -> None:
        """Let time pass without a sound from the client."""
        until = self.now_ms + ms
        while (due := self.call.due_ms) is not None and due <= until:
            self.now_ms = max(due, self.now_ms)
            before = len(self.effects)
            self._take(self.call.tick(self.now_ms))
            if self.call.due_ms == due and len(self.effects) == before:
                raise AssertionError(f"the timer stands still at {due}")
        self.now_ms = until
        self._take(self.call.tick(until))

    def _let_timers_run(self) -> None:
        due = self.call.due_ms
        if due is not None and due <= self.now_ms:
            self._take(self.call.tick(self.now_ms))

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
        self.message(TranscriptPartial(utterance=utterance, text=text, audio_ms=300))

    def answers(
        self, *sentences: str, turn: int | None = None, caller_ended: float | None = None
    ) -> None:
        """The LLM writes the whole answer to the latest turn."""
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
                caller_ended=None if index else caller_ended,
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
        pcm = b"\x02" * (32 * ms)
        self.message(SpeechChunk(turn=number, index=index, chunk=0, pcm=pcm, last=True))

    def event(self, kind: type[ev.Event], **fields: Any) -> None:
        whose: dict[str, Any] = {"tenant": "t", "session": "s", "at_ms": self.now_ms}
        self.message(msgspec.convert({**whose, **fields}, kind))

    def message(self, message: Any) -> None:
        self._take(self.call.receive(message, self.now_ms))

    # ---- what came out

    def _take(self, effects: list[Effect]) -> None:
        self.effects += effects

    def events(self, kind: type[T]) -> list[T]:
        return [
            one.event
            for one in self.effects
            if isinstance(one, Publish) and isinstance(one.event, kind)
        ]

    def told(self, kind: type[T]) -> list[T]:
        return [
            one.notice
            for one in self.effects
            if isinstance(one, Tell) and isinstance(one.notice, kind)
        ]

    def frames(self, utterance: int) -> list[Any]:
        return [
            one.frame
            for one in self.effects
            if isinstance(one, SendFrame) and one.utterance == utterance
        ]

    def spoken_ms(self, turn: int | None = None) -> int:
        from edge.core.notices import Speak  # noqa: PLC0415  # only here

        return sum(
            len(one.pcm) // 32 for one in self.told(Speak) if turn is None or one.turn == turn
        )
