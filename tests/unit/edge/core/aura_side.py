"""Aura's side of a call by itself: a responder, its history, and what it decided. No caller."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from edge.core.hearing.utterance import Utterance
from edge.core.messages.client_events import ClientEvent, Speech
from edge.core.messages.effects import Outbox, Publish, Tell
from edge.core.messages.inputs import ChunkSpoken
from edge.core.response.current_response import CurrentResponse
from edge.core.response.requester import Requester
from edge.core.response.responder import Responder
from edge.core.response.response import Response
from edge.core.response.tool_turns import ToolTurns
from edge.core.session.current_config import CurrentConfig
from edge.core.session.history import History
from schemas import events as ev
from schemas.audio import BYTES_PER_MS
from schemas.session_config import Delivery
from tests.unit.edge.core.rehearsal import config

HEAD: dict[str, Any] = {"tenant": "t", "session": "s", "at_ms": 0}
T = TypeVar("T")


def transcript(text: str, **more: Any) -> ev.TranscriptGuess:
    return ev.TranscriptGuess(
        **HEAD, utterance=1, pause=1, text=text, confidence=0.9, took_ms=50.0, model="m", **more
    )


class AuraSide:
    """The parts of it, which are told what stages and the caller's side tell them."""

    def __init__(self, delivery: Delivery = "chunks", **changes: Any) -> None:
        self.history = History()
        self.config = CurrentConfig(config(delivery, **changes))
        self.out = Outbox("t", "s", self.history.summary)
        self.tools = ToolTurns(self.config, self.history, self.out)
        self.current = CurrentResponse(self.history, self.tools, self.out)
        self.requester = Requester(self.config, self.current, self.tools, self.history, self.out)
        self.responder = Responder(self.config, self.current, self.requester, self.tools, self.out)
        self.now_ms = 1_000_000
        self.effects: list[Any] = []

    def asks(
        self,
        text: str = "What is the weather like?",
        *,
        speculative: bool,
        ask_eot: bool = False,
    ) -> Response:
        """Have the language model asked to respond to *text*."""
        utterance = Utterance(1, speech_end_ms=self.now_ms)
        return self.requester.respond_to(
            utterance, transcript(text), self.now_ms, speculative=speculative, ask_eot=ask_eot
        )

    def responds(self, *sentences: str, ms: int = 1000) -> Response:
        """Have a response of *sentences*, *ms* each, committed, written and spoken so far."""
        response = self.asks(speculative=False)
        self.requester.commit(response, self.now_ms)
        self.writes(response.turn, *sentences)
        for index in range(len(sentences)):
            self.speaks(response.turn, index, ms)
        self.passes(0)
        return response

    def writes(self, turn: int, *sentences: str) -> None:
        """Have the language model write *sentences* and end the response."""
        self._sentences(turn, sentences)
        self._completed(turn, sentences, calls=0)

    def calls(self, turn: int, tool: str, *sentences: str) -> None:
        """Have the language model write *sentences*, call *tool* and end its first step."""
        self._sentences(turn, sentences)
        called = ev.ToolCalled(
            **HEAD, turn=turn, step=0, call=0, name=tool, arguments="{}", model="m", took_ms=1.0
        )
        self.responder.tool_called(called, self.now_ms)
        self._completed(turn, sentences, calls=1)

    def returns(self, turn: int, result: str) -> None:
        """Have the tool return *result* for the call."""
        returned = ev.ToolReturned(
            **HEAD, turn=turn, step=0, call=0, name="book", result=result, took_ms=1.0
        )
        self.responder.tool_done(returned, self.now_ms)

    def _sentences(self, turn: int, sentences: Sequence[str]) -> None:
        for index, text in enumerate(sentences):
            sentence = ev.ResponseSentence(
                **HEAD,
                turn=turn,
                index=index,
                text=text,
                first_token_ms=1.0,
                took_ms=2.0,
                model="m",
                deadline_ms=0,
            )
            self.responder.sentence(sentence, self.now_ms)

    def _completed(self, turn: int, sentences: Sequence[str], *, calls: int) -> None:
        completed = ev.ResponseCompleted(
            **HEAD,
            turn=turn,
            sentences=len(sentences),
            text=" ".join(sentences),
            model="m",
            prompt_tokens=10,
            completion_tokens=5,
            took_ms=3.0,
            calls=calls,
        )
        self.responder.completed(completed, self.now_ms)

    def ready(self, turn: int, chunks: int, ms: int) -> None:
        """TTS tells that all of the first sentence was sent, in *chunks* with *ms* of audio."""
        ready = ev.SpeechReady(
            **HEAD,
            turn=turn,
            index=0,
            chunks=chunks,
            audio_ms=ms,
            first_chunk_ms=1,
            took_ms=2,
            model="m",
        )
        self.responder.ready(ready, self.now_ms)

    def speaks(self, turn: int, index: int, ms: int) -> None:
        chunk = ChunkSpoken(turn, index, 0, b"\x02" * (BYTES_PER_MS * ms), last=True)
        self.responder.speak(chunk, self.now_ms)

    def passes(self, ms: int) -> None:
        """Let *ms* pass, in which the response is handed out."""
        until_ms = self.now_ms + ms
        while (due_ms := self.responder.due_ms(self.now_ms)) is not None and due_ms <= until_ms:
            self.now_ms = max(due_ms, self.now_ms)
            self.responder.advance(self.now_ms)
            if self.responder.due_ms(self.now_ms) == due_ms:
                break
        self.now_ms = until_ms
        self.responder.advance(self.now_ms)

    def published(self, kind: type[T]) -> list[T]:
        self.effects += self.out.take()
        events = [one.event for one in self.effects if isinstance(one, Publish)]
        return [event for event in events if isinstance(event, kind)]

    def told(self, kind: type[T]) -> list[T]:
        self.effects += self.out.take()
        events: list[ClientEvent] = [one.event for one in self.effects if isinstance(one, Tell)]
        return [event for event in events if isinstance(event, kind)]

    @property
    def sent_ms(self) -> int:
        return sum(len(one.pcm) // BYTES_PER_MS for one in self.told(Speech))
