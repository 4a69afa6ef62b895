"""Requests for responses: by the language model, or with given words.

Every job of the language model for a turn's first step is made in `Requester._ask`.
"""

import dataclasses
from typing import TypedDict, Unpack

import msgspec

from edge.core.hearing.utterance import Utterance
from edge.core.messages.client_events import ResponseRefused, ResponseStarted
from edge.core.messages.effects import Outbox
from edge.core.messages.inputs import ResponseRequested
from edge.core.response import handover
from edge.core.response.current_response import CurrentResponse
from edge.core.response.given_words import completed, pieces, sentence
from edge.core.response.model_job import model_job
from edge.core.response.playback import Playback
from edge.core.response.request import TURNS, Origin, Request
from edge.core.response.response import Response, ResponseMove
from edge.core.response.tool_turns import ToolTurns
from edge.core.session.current_config import CurrentConfig
from edge.core.session.history import History
from edge.core.session.unfinished_response import UnfinishedResponse
from schemas import events as ev
from schemas.session_config import SessionConfig, VoiceConfig
from schemas.tools import chosen


class OfUtterance(TypedDict, total=False):
    """The fields of the language model's job that only a spoken turn has."""

    utterance: int
    pause: int
    speculative: bool
    ask_eot: bool


class Requester:
    """Requests responses; each becomes the current response."""

    def __init__(
        self,
        config: CurrentConfig,
        current: CurrentResponse,
        tools: ToolTurns,
        history: History,
        out: Outbox,
    ) -> None:
        self._current = current
        self._tools = tools
        self._history = history
        self._out = out
        self._config = config
        self._without_eot: SessionConfig | None = None
        """The configuration whose model gave no probability of the end of turn."""

    def greet(self, text: str, now_ms: int) -> None:
        """Speak the greeting *text* as turn 0."""
        voice = self._config.current.voice
        if voice.delivery == "chunks":  # a greeting is one message in all client protocols
            voice = msgspec.structs.replace(voice, delivery="sentences")
        response = self._begin(Request(Origin.GREETING, now_ms), voice)
        response.not_before_ms = now_ms + self._config.current.response.greeting_wait_ms
        self._speak(response, [text], now_ms)

    def say(self, text: str, now_ms: int, *, firm: bool, command_id: str = "") -> None:
        """Speak *text*, given by a command or by the edge itself, as a separate turn.

        *firm*: the caller cannot interrupt it.
        """
        turn = self._begin_turn(command_id, now_ms)
        origin = Origin.FIRM if firm else Origin.GIVEN
        response = self._begin(Request(origin, now_ms, turn=turn), self._config.current.voice)
        self._speak(response, pieces(text), now_ms)

    def _begin_turn(self, command_id: str, now_ms: int) -> int:
        """Begin a turn without words of the caller, and return its number."""
        turn = self._history.turn + 1
        head = self._out.head(now_ms)
        self._out.publish(ev.ControlSpoken(**head, turn=turn, command_id=command_id))
        self._history.control.note_spoken(command_id, turn)
        self._history.turn = turn
        self._out.tell(ResponseStarted(turn))
        return turn

    def _speak(self, response: Response, sentences: list[str], now_ms: int) -> None:
        """Publish the jobs for *response*, whose words are *sentences*."""
        response.move(ResponseMove.COMMIT)
        head = self._out.head(now_ms)
        for text in sentences:
            event = sentence(head, response, text, self._config.current)
            response.add_sentence(self._out.publish(event), now_ms)
        end = completed(head, response, text=" ".join(sentences))
        response.complete(self._out.publish(end), now_ms)

    def speak_on(self, earlier: UnfinishedResponse, now_ms: int) -> None:
        """Continue the response of an earlier connection: speak the rest of it, or end it."""
        self._current.response = handover.rest_of(earlier, self._config.current.voice, now_ms)
        if self._current.response:
            self._history.drop_carried(earlier.caller_words)
            self._tools.run_on(self._current.response, now_ms)
        else:
            handover.end(earlier, self._history, self._out, now_ms)

    def respond_to(
        self,
        utterance: Utterance,
        transcript: ev.TranscriptGuess,
        now_ms: int,
        *,
        speculative: bool,
        ask_eot: bool = False,
    ) -> Response:
        """Ask the language model to respond to the turn that *transcript* ends.

        *speculative*: the end of turn is not certain yet. *ask_eot*: the model is asked for it too.
        """
        self._current.speculation.asked += speculative
        request = Request(
            Origin.SPOKEN, utterance.speech_end_ms, transcript.text, transcript.confidence
        )
        response = self._ask(
            request,
            now_ms,
            utterance=utterance.number,
            pause=utterance.pause,
            speculative=speculative,
            ask_eot=ask_eot,
        )
        response.mark("pause_ms", utterance.paused_ms)
        response.mark("transcript_ms", utterance.transcript_at_ms)
        response.mark("taken_ms", now_ms)
        response.times_ms["stt_ms"] = transcript.took_ms
        return response

    def respond_to_typed(self, text: str, now_ms: int, requested_ms: int = 0) -> Response:
        """Ask the language model to respond to a typed turn.

        *requested_ms*: the time at which it was typed, if it waited, Unix ms; else 0.
        """
        request = Request(Origin.TYPED, now_ms, text, requested_ms=requested_ms)
        return self._ask(request, now_ms)

    def follow(self, instruction: str, command_id: str, now_ms: int) -> None:
        """Ask for a response to an *instruction*, without words of the caller."""
        request = Request(Origin.REQUESTED, now_ms, turn=self._begin_turn(command_id, now_ms))
        response = self._ask(request, now_ms, after=(ev.Message("user", instruction),))
        self.commit(response, now_ms)

    def enter(self, words: str, confidence: float, now_ms: int, requested_ms: int = 0) -> str:
        """Enter a turn that gets no response; return the words new to the client.

        *requested_ms*: see `respond_to_typed`.
        """
        history, head = self._history, self._out.head(now_ms)
        history.turn += 1
        text, unsent = history.with_carried(words), history.unsent(words)
        history.commit_carried()
        committed = ev.TurnCommitted(
            **head,
            turn=history.turn,
            text=text,
            confidence=confidence,
            speculative=False,
            requested_ms=requested_ms,
        )
        history.queued.read(self._out.publish(committed))
        history.enter_turn(text, "", None, history.turn)
        nothing = ev.AnswerHeard(**head, turn=history.turn, text="", complete=False, played_ms=0)
        self._out.publish(nothing)
        return unsent

    def respond(
        self, asked: ResponseRequested | ev.RequestQueued, now_ms: int, requested_ms: int = 0
    ) -> None:
        """Ask the language model for a response without a turn, and commit it."""
        origin = Origin.REQUESTED if asked.in_conversation else Origin.APART
        request = Request(origin, now_ms, requested_ms=requested_ms)
        response = self._ask(request, now_ms, config=asked.config, messages=asked.messages)
        delivery = asked.config.voice.delivery if asked.config else None
        self._out.tell(ResponseStarted(response.turn, asked.ask, delivery))
        self.commit(response, now_ms)

    def queue(self, asked: ResponseRequested, now_ms: int) -> None:
        """Queue a response that the client requested, or refuse it if the model is off."""
        if self._history.control.model_off:
            self._out.tell(ResponseRefused(asked.ask))
            return
        queued = ev.RequestQueued(
            **self._out.head(now_ms),
            ask=asked.ask,
            config=asked.config,
            messages=asked.messages,
            in_conversation=asked.in_conversation,
        )
        waits = self._current.response or self._history.awaited.has_turn
        if waits or not asked.in_conversation:  # no later connection goes on with the latter
            queued = self._out.publish(queued)
        self._history.queued.read(queued)

    def refuse_queued(self) -> None:
        """Begin none of the wanted and requested responses."""
        for asked in self._history.queued.responses.values():
            self._out.tell(ResponseRefused(asked.ask))
        self._history.queued.drop_responses()

    def respond_to_queued(self, now_ms: int) -> None:
        """Begin the next response, once the previous one is over; the client's come last."""
        queued = self._history.queued
        if self._current.response is not None:
            return
        if queued.wants_response:
            self.respond(ResponseRequested(""), now_ms)
        elif queued.responses:
            at_ms, asked = next(iter(queued.responses.items()))
            self.respond(asked, now_ms, at_ms)

    def _ask(
        self,
        request: Request,
        now_ms: int,
        *,
        config: SessionConfig | None = None,
        messages: tuple[ev.Message, ...] | None = None,
        after: tuple[ev.Message, ...] = (),
        **of_utterance: Unpack[OfUtterance],
    ) -> Response:
        """Ask the language model for the response to *request*, and return it.

        *messages*: the messages to respond to, in place of the conversation and the caller's words.
        *after*: messages that follow. *of_utterance*: fields of the job for a spoken turn.
        """
        history, config = self._history, config or self._config.current
        history.turn = turn = request.turn or history.turn + 1
        history.enter_late_results()
        words = ""
        if messages is None:
            words = history.with_carried(request.caller_words)
            last = words if request.origin in TURNS else words or None
            messages = history.window(last, config.response.history_messages)
        job = model_job(self._out, history, config, turn, (*messages, *after), now_ms)
        tools = self._tools.offered(0) if config.tools and config.tool_use.max_steps else ()
        choice = chosen(config.tool_use.choice, tools)
        job = msgspec.structs.replace(job, tools=tools, tool_choice=choice, **of_utterance)
        job = self._out.publish(job)
        request = dataclasses.replace(request, turn=turn, caller_words=words, job=job)
        return self._begin(request, config.voice)

    def _begin(self, request: Request, voice: VoiceConfig) -> Response:
        """Return a new response to *request*, which becomes the current one."""
        self._current.response = response = Response(request, Playback(request.turn, voice))
        return response

    def commit(self, response: Response, now_ms: int) -> None:
        """Commit the turn: from here on its response may be heard."""
        response.mark("committed_ms", now_ms)
        response.move(ResponseMove.COMMIT)
        response.waiting_since_ms = now_ms
        self._history.commit_carried()
        self._history.turn_begins()
        committed = ev.TurnCommitted(
            **self._out.head(now_ms),
            turn=response.turn,
            text=response.request.caller_words,
            confidence=response.request.confidence,
            speculative=response.request.speculative,
            requested_ms=response.request.requested_ms,
        )
        self._history.queued.read(self._out.publish(committed))
        self._tools.run(response, now_ms)

    @property
    def eot_llm(self) -> float | None:
        """The model's probability of the end of turn, from its speculative response, or None."""
        response = self._current.uncommitted
        return response.sentences.eot_llm if response else None

    @property
    def eot_pending(self) -> bool:
        """Whether the model is still expected to give this probability."""
        response, config = self._current.uncommitted, self._config.current
        if response is None or not response.request.asks_eot or response.sentences.written:
            return False
        return config.turns.ask_eot and config is not self._without_eot

    def note_eot(self, eot_llm: float | None) -> None:
        """Note the probability of the end of turn that the model gave, or that it gave none."""
        self._without_eot = self._config.current if eot_llm is None else None
