"""A call's decisions, all of them: whose turn it is, what is guessed, what is heard, what is told.

Pure: no clock, no sockets, no bus. Time comes in as Unix ms; what is to be done comes out as
effects, in the order in which they are to be done. The same inputs give the same effects.

What the caller does (`turn_taking`) and what becomes of the answer (`answering`) are two machines;
each is drawn where it lives. This file is where what comes in meets them, and where what does not
come is noticed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from edge.core.effects import Effect
from edge.core.hearing.segmenter import Listener
from edge.core.notices import Delivery, Trouble
from edge.core.outbox import Outbox
from edge.core.response.responder import Answering
from edge.core.session.history import History
from edge.core.session.rules import Rules
from edge.core.turns import TurnTaking
from schemas import events as ev
from schemas.audio import SpeechChunk, TranscriptPartial

SILENT_STAGE_MS = 3000
"""A stage that is waited for and says nothing for so long may have said it to nobody."""
FATAL_FAILURES = 3
"""Failures of one stage in a row after which it counts as down."""


class Call:
    """One conversation, from the edge's chair."""

    def __init__(
        self,
        tenant: str,
        session: str,
        rules: Rules,
        delivery: Delivery,
        *,
        history: History | None = None,
        is_voice: Callable[[bytes], bool],
    ) -> None:
        self.history = history or History()
        self._rules = rules
        self._out = Outbox(tenant, session, self.history.summary)
        self._listener = Listener(rules.settings, self.history.utterance, is_voice)
        self._answering = Answering(rules, delivery, self.history, self._out)
        self._turns = TurnTaking(rules, self._listener, self._answering, self.history, self._out)
        self._failures: dict[ev.Stage, int] = {}

    # -------------------------------------------------------- inputs

    def start(self, now_ms: int) -> list[Effect]:
        """Begin a new conversation, with a greeting where there is one."""
        self._out.now_ms = now_ms
        if self._rules.greeting:
            self._answering.greet(self._rules.greeting)
        return self._out.take()

    def resume(self, now_ms: int) -> list[Effect]:
        """Go on with a conversation that was cut off; an answer under way is spoken on."""
        self._out.now_ms = now_ms
        if begun := self.history.unfinished:
            self.history.unfinished = None
            self._answering.go_on(begun)
        return self._out.take()

    def hear(self, pcm: bytes, now_ms: int) -> list[Effect]:
        """Take sound from the caller: s16le mono 16 kHz, any length."""
        self._out.now_ms = now_ms
        for noticed in self._listener.hear(pcm, now_ms):
            self._turns.notice(noticed)
        return self._advance()

    def tick(self, now_ms: int) -> list[Effect]:
        """Let time pass; worth calling at `due_ms`."""
        self._out.now_ms = now_ms
        for noticed in self._listener.wait(now_ms):
            self._turns.notice(noticed)
        return self._advance()

    def receive(
        self, message: ev.AnyEvent | SpeechChunk | TranscriptPartial, now_ms: int
    ) -> list[Effect]:
        """Take what the stages say; late, repeated and unknown things change nothing."""
        self._out.now_ms = now_ms
        match message:
            case TranscriptPartial():
                self._turns.partial(message)
            case ev.TranscriptGuess():
                self._failures.pop("stt", None)
                self._turns.guess(message)
            case ev.TranscriptFinal(utterance=number, text=text) if number in self._turns.cut_off:
                self._turns.cut_off.discard(number)
                self.history.carried.append(text)
            case ev.ResponseCompleted(sentences=0, turn=turn) if self._wants(turn):
                self._trouble("llm", "the language model had nothing to say")
            case ev.JobFailed():
                self._failed(message)
            case ev.ResponseSentence() | ev.ResponseCompleted():
                self._failures.pop("llm", None)
                self._answering.receive(message)
            case SpeechChunk() | ev.SpeechReady():
                self._failures.pop("tts", None)
                self._answering.receive(message)
            case _:
                pass
        return self._advance()

    def finish(self, reason: str, now_ms: int) -> list[Effect]:
        """End the conversation: nobody waits for anything of it any more."""
        self._out.now_ms = now_ms
        self._turns.close(discarded=True)
        self._answering.drop("hung_up")
        summary = dataclasses.asdict(self.history.summary)
        self._out.publish(ev.SessionEnded, reason=reason, turns=self.history.answered, **summary)
        return self._out.take()

    @property
    def answering(self) -> bool:
        """An answer is on its way to the caller's ear."""
        return self._answering.answer is not None

    @property
    def due_ms(self) -> int | None:
        """When `tick` is worth calling if nothing else happens, Unix ms; None: no need."""
        if self._idle:
            return None
        times = (  # asked after every frame
            self._listener.silent_from_ms,
            self._answering.due_ms(),
            self._answering.expires_ms,
            self._words_expire_ms,
        )
        known = [t for t in times if t is not None]
        return min(known) if known else None

    def misses_news(self, now_ms: int) -> bool:
        """Tell whether the stages have said nothing for longer than they should need.

        What they said may have been lost between the log and this edge: it is worth reading.
        """
        waits = (self._answering.expires_ms, self._words_expire_ms)
        late_ms = self._rules.deadline_ms - SILENT_STAGE_MS
        return any(t is not None and now_ms >= t - late_ms for t in waits)

    @property
    def wants_words(self) -> bool:
        """The caller speaks, or has paused and the words are not here yet."""
        utterance = self._listener.utterance
        return utterance is not None and utterance.guess is None

    @property
    def listening(self) -> bool:
        """An utterance is open: silence counts."""
        return self._listener.utterance is not None

    # -------------------------------------------------------- time, and stages that fail

    @property
    def _idle(self) -> bool:
        """Nobody speaks and nothing is said: the state of most calls most of the time."""
        return self._listener.utterance is None and self._answering.idle

    def _advance(self) -> list[Effect]:
        if self._idle:
            return self._out.take()
        self._answering.advance()
        now_ms = self._out.now_ms
        if (expires_ms := self._answering.expires_ms) is not None and now_ms >= expires_ms:
            answer = self._answering.answer
            stage: ev.Stage = "tts" if answer and answer.sentences else "llm"
            self._trouble(stage, f"nothing came within {self._patience}")
        if (expires_ms := self._words_expire_ms) is not None and now_ms >= expires_ms:
            self._trouble("stt", f"no words came within {self._patience}")
        return self._out.take()

    @property
    def _patience(self) -> str:
        return f"{self._rules.deadline_ms / 1000:g} s"

    @property
    def _words_expire_ms(self) -> int | None:
        """When the recogniser has taken too long for the words up to a pause, Unix ms."""
        utterance = self._listener.utterance
        if utterance is None or not self._listener.paused:
            return None
        if utterance.guess is not None and not self._turns.cut_off:
            return None
        return utterance.paused_ms + self._rules.deadline_ms

    def _wants(self, turn: int) -> bool:
        return self._answering.answer is not None and self._answering.answer.turn == turn

    def _failed(self, event: ev.JobFailed) -> None:
        utterance = self._listener.utterance
        if event.stage == "stt":
            self._turns.cut_off.discard(event.utterance)
            if utterance and utterance.number == event.utterance:
                self._trouble("stt", event.reason)
        elif self._wants(event.turn):
            self._trouble(event.stage, event.reason)

    def _trouble(self, stage: ev.Stage, reason: str) -> None:
        """Give up what the stage failed at, tell the caller, and go on unless it is down.

        A guess that failed is not worth telling: it is asked for again when the turn is certain.
        """
        answer = self._answering.answer
        if stage == "stt":
            self._turns.cut_off.clear()
            self._turns.close(discarded=True)
            self._answering.dismiss()
            if self._answering.uncommitted:  # to words that are given up
                self._answering.drop("failed")
        elif self._answering.uncommitted:
            self._answering.drop("failed")
            return
        elif answer and answer.turn == 0:  # a greeting without a voice is still a greeting
            self._answering.drop("failed")
            self._out.tell(answer.playback.unspoken())
        else:
            self._answering.drop("failed")
        self._failures[stage] = self._failures.get(stage, 0) + 1
        fatal = self._failures[stage] >= FATAL_FAILURES
        self._out.publish(ev.TroubleTold, stage=stage, reason=reason, fatal=fatal)
        self._out.tell(Trouble(stage, reason, fatal))
