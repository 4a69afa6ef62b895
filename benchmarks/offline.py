"""A call without a clock: the edge's own decisions, the real recogniser, stages with fixed delays.

Minutes of conversation are gone through in seconds, and the same way each time: for the trade-offs
of turn-taking, where hundreds of calls are compared. What the bus and the engines cost is not in
it; `latency` measures that.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np

from edge.core.call import Call
from edge.core.effects import Effect, Publish, SendFrame, Tell
from edge.core.hearing.vad import VoiceActivity
from schemas.session_config import Delivery
from edge.core.client_events import Speech
from edge.core.session.rules import Rules
from schemas import events as ev
from schemas.audio import AudioFrame, SpeechChunk, TranscriptPartial
from workers.engines.protocols import Recognition

START_MS = 1_000_000
FRAME = 640
Hear = Callable[[bytes], tuple[Recognition, float | None]]
"""s16le mono 16 kHz to what was heard, and how much it sounds like an end to a model of turns."""
Read = Callable[[str], float | None]
"""What a caller said, to how surely the language model would end the sentence there."""


@dataclass(frozen=True)
class Stages:
    """How long each stage takes, ms."""

    stt_ms: int = 150
    llm_ms: int = 150
    tts_ms: int = 250
    read_ms: int = 120
    """More for the language model where it reads, too."""
    partial_every_ms: int = 300


@dataclass
class Heard:
    """What happened, with times in ms from the first frame."""

    events: list[tuple[int, ev.Event]] = field(default_factory=list)
    told: list[tuple[int, Any]] = field(default_factory=list)

    def of(self, kind: type[ev.Event]) -> list[tuple[int, Any]]:
        return [(at, event) for at, event in self.events if isinstance(event, kind)]

    def notices(self, kind: type) -> list[tuple[int, Any]]:
        return [(at, notice) for at, notice in self.told if isinstance(notice, kind)]


class OfflineCall:
    """One call; `run` goes through a recording."""

    def __init__(
        self,
        hear: Hear,
        rules: Rules,
        *,
        answer: tuple[str, bytes],
        stages: Stages | None = None,
        echo: float = 0.0,
        read: Read | None = None,
    ) -> None:
        """Answer every turn with *answer* (text, pcm); its *echo* (gain) comes back to the ear."""
        self._hear = hear
        self._read = read or (lambda _text: None)
        voice = VoiceActivity()
        self._own = voice.echo
        self._call = Call("t", "s", rules, "chunks", is_voice=voice)
        self._answer = answer
        self._stages = stages or Stages()
        self._echo = echo
        self._now_ms = START_MS
        self._due: list[tuple[int, int, Any]] = []
        self._order = itertools.count()
        self._sound: dict[int, bytearray] = {}
        self._partial_at: dict[int, int] = {}
        self._over_answer: set[int] = set()
        self._playing = bytearray()
        self.heard = Heard()

    def run(self, pcm: bytes) -> Heard:
        """Speak *pcm* (s16le mono 16 kHz) and return what came of it."""
        self._do(self._call.start(self._now_ms))
        for at in range(0, len(pcm) - FRAME + 1, FRAME):
            self._now_ms += 20
            while self._due and self._due[0][0] <= self._now_ms:
                _, _, message = heapq.heappop(self._due)
                self._do(self._call.receive(message, self._now_ms))
            due_ms = self._call.due_ms
            if due_ms is not None and due_ms <= self._now_ms:
                self._do(self._call.tick(self._now_ms))
            self._do(self._call.hear(self._at_the_ear(pcm[at : at + FRAME]), self._now_ms))
        return self.heard

    def _at_the_ear(self, frame: bytes) -> bytes:
        """Mix the echo of what is being played into *frame*."""
        played = bytes(self._playing[:FRAME])
        del self._playing[:FRAME]
        if not self._echo or not played:
            return frame
        own = np.frombuffer(played.ljust(FRAME, b"\0"), "<i2") * self._echo
        mixed = np.frombuffer(frame, "<i2") + own
        return np.clip(mixed, -32768, 32767).astype("<i2").tobytes()

    def _later(self, delay_ms: int, message: Any) -> None:
        heapq.heappush(self._due, (self._now_ms + delay_ms, next(self._order), message))

    def _do(self, effects: list[Effect]) -> None:
        at_ms = self._now_ms - START_MS
        for effect in effects:
            match effect:
                case Publish(event):
                    self.heard.events.append((at_ms, event))
                    self._publish(event)
                case SendFrame(utterance, frame):
                    self._listen(utterance, frame)
                case Tell(notice):
                    self.heard.told.append((at_ms, notice))
                    self._own.told(notice)
                    if isinstance(notice, Speech):
                        self._playing += notice.pcm
                case _:
                    pass

    def _publish(self, event: ev.Event) -> None:
        match event:
            case ev.SpeechStarted(utterance=utterance, over_answer=True):
                self._over_answer.add(utterance)
            case ev.ResponseCancelled():
                self._playing.clear()
            case ev.TurnTaken(turn=turn, messages=(*_, words), read=read):
                text, pcm = self._answer
                stages = self._stages
                said = {"turn": turn, "text": text, "model": "m", "took_ms": 1.0}
                sentence = {**said, "index": 0, "first_token_ms": 1.0, "deadline_ms": 0}
                sentence["eot_llm"] = self._read(words.text) if read else None
                llm_ms = stages.llm_ms + (stages.read_ms if read else 0)
                self._later(llm_ms, self._event(ev.ResponseSentence, **sentence))
                tokens = {"sentences": 1, "prompt_tokens": 0, "completion_tokens": 0}
                self._later(llm_ms, self._event(ev.ResponseCompleted, **said, **tokens))
                chunk = SpeechChunk(turn=turn, index=0, chunk=0, pcm=pcm, last=True)
                self._later(llm_ms + stages.tts_ms, chunk)
            case _:
                pass

    def _listen(self, utterance: int, frame: AudioFrame) -> None:
        """Be the recogniser: guess at each pause, tell growing words over an answer."""
        sound = self._sound.setdefault(utterance, bytearray())
        sound += frame.pcm
        if frame.pause:
            words, finished = self._hear(bytes(sound))
            guess = {"utterance": utterance, "pause": frame.pause, "text": words.text}
            surely = {"confidence": words.confidence, "ended": words.ended, "finished": finished}
            more = {**surely, "took_ms": 1.0, "model": "m"}
            self._later(self._stages.stt_ms, self._event(ev.TranscriptGuess, **guess, **more))
        elif utterance in self._over_answer and not frame.end:
            length_ms = len(sound) // 32
            if length_ms - self._partial_at.get(utterance, 0) >= self._stages.partial_every_ms:
                self._partial_at[utterance] = length_ms
                words, _ = self._hear(bytes(sound))
                partial = TranscriptPartial(
                    utterance=utterance, text=words.text, audio_ms=length_ms
                )
                self._later(self._stages.stt_ms, partial)

    def _event(self, kind: type[ev.Event], **fields: Any) -> ev.Event:
        whose = {"tenant": "t", "session": "s", "at_ms": self._now_ms}
        return msgspec.convert({**whose, **fields}, kind)
