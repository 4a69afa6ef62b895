"""Requests for responses: by the language model, or with given words."""

from collections import deque

import msgspec

from edge.core.client_events import ResponseStarted
from edge.core.effects import Outbox
from edge.core.hearing.utterance import Utterance
from edge.core.inputs import ResponseRequested
from edge.core.response import handover
from edge.core.response.current_response import CurrentResponse
from edge.core.response.given_words import completed, pieces, sentence, speaker
from edge.core.response.playback import Playback
from edge.core.response.response import Origin, PhaseMove, Response
from edge.core.response.tool_turns import ToolTurns
from edge.core.session.current_config import CurrentConfig
from edge.core.session.history import History
from edge.core.session.unfinished_response import UnfinishedResponse
from schemas import events as ev
from schemas.session_config import SessionConfig, VoiceConfig
from schemas.tools import chosen


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
        self._queued: deque[ResponseRequested] = deque()
        """Responses requested by the client that have not begun."""
        self._wants_response = False
        """Whether the conversation has words that wait for a response."""

    def greet(self, text: str, now_ms: int) -> None:
        """Speak the greeting *text* as turn 0."""
        voice = self._config.now.voice
        if voice.delivery == "chunks":  # a greeting is one message in all client protocols
            voice = msgspec.structs.replace(voice, delivery="sentences")
        response = self._new(Origin.GREETING, 0, "", voice, now_ms)
        response.not_before_ms = now_ms + self._config.now.response.greeting_wait_ms
        self._speak(response, [text], now_ms)

    def say(self, text: str, now_ms: int, *, firm: bool, command_id: str = "") -> None:
        """Speak *text*, given by a command or by the edge itself, as a separate turn.

        *firm*: the caller cannot interrupt it.
        """
        turn = self._begin_turn(command_id, now_ms)
        origin = Origin.FIRM if firm else Origin.GIVEN
        response = self._new(origin, turn, "", self._config.now.voice, now_ms)
        self._speak(response, pieces(text), now_ms)

    def _begin_turn(self, command_id: str, now_ms: int) -> int:
        """Begin a turn without words of the caller, and return its number."""
        turn = self._history.turn + 1
        head = self._out.head(now_ms)
        self._out.publish(ev.ControlSpoken(**head, turn=turn, command_id=command_id))
        self._history.control.spoken_as(command_id, turn)
        self._history.turn = turn
        self._out.tell(ResponseStarted(turn))
        return turn

    def _speak(self, response: Response, sentences: list[str], now_ms: int) -> None:
        """Publish the jobs for *response*, whose words are *sentences*."""
        response.move(PhaseMove.COMMIT)
        head = self._out.head(now_ms)
        for text in sentences:
            event = sentence(head, response, text, self._config.now)
            response.add_sentence(self._out.publish(event), now_ms)
        end = completed(head, response, text=" ".join(sentences))
        response.complete(self._out.publish(end), now_ms)

    def speak_on(self, begun: UnfinishedResponse, now_ms: int) -> None:
        """Continue the response of an earlier connection: speak the rest of it, or end it."""
        self._current.response = handover.rest_of(begun, self._config.now.voice, now_ms)
        if self._current.response:
            self._history.drop_carried(begun.text)
            self._tools.run_on(self._current.response, now_ms)
        else:
            handover.end(begun, self._history, self._out, now_ms)

    def take(
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
        self._current.speculation.taken += speculative
        response, job = self._begin(Origin.SPOKEN, transcript.text, now_ms)
        spoken = msgspec.structs.replace(
            job,
            utterance=utterance.number,
            pause=utterance.pause,
            speculative=speculative,
            ask_eot=ask_eot,
        )
        response.taken = self._out.publish(spoken)
        response.confidence = transcript.confidence
        response.speech_end_ms = utterance.speech_end_ms
        response.mark("pause_ms", utterance.paused_ms)
        response.mark("transcript_ms", utterance.transcript_at_ms)
        response.mark("taken_ms", now_ms)
        response.times_ms["stt_ms"] = transcript.took_ms
        return response

    def take_typed(self, text: str, now_ms: int) -> Response:
        """Ask the language model to respond to a typed turn."""
        return self._ask(Origin.TYPED, text, now_ms)

    def follow(self, instruction: str, command_id: str, now_ms: int) -> None:
        """Ask for a response to an *instruction*, without words of the caller."""
        history, turn = self._history, self._begin_turn(command_id, now_ms)
        history.enter_late_results()
        carried = history.with_carried("")
        response = self._new(Origin.REQUESTED, turn, carried, self._config.now.voice, now_ms)
        known = history.window(carried or None, self._config.now.response.history_messages)
        messages = (*known, ev.Message("user", instruction))
        response.taken = self._out.publish(self._job(response, messages, self._config.now, now_ms))
        self.commit(response, now_ms)

    def enter(self, words: str, confidence: float, now_ms: int) -> str:
        """Enter a turn that gets no response; return the words new to the client."""
        history, head = self._history, self._out.head(now_ms)
        history.turn += 1
        text, unsent = history.with_carried(words), history.unsent(words)
        history.commit_carried()
        committed = ev.TurnCommitted(
            **head, turn=history.turn, text=text, confidence=confidence, speculative=False
        )
        self._out.publish(committed)
        history.enter_turn(text, "", None, history.turn)
        nothing = ev.AnswerHeard(**head, turn=history.turn, text="", complete=False, played_ms=0)
        self._out.publish(nothing)
        return unsent

    def respond(self, request: ResponseRequested, now_ms: int) -> None:
        """Ask the language model for a response that the client requested, and commit it."""
        history, config = self._history, request.config or self._config.now
        history.turn += 1
        history.enter_late_results()
        carried = history.with_carried("") if request.messages is None else ""
        origin = Origin.REQUESTED if request.in_conversation else Origin.APART
        response = self._new(origin, history.turn, carried, config.voice, now_ms)
        messages = request.messages
        if messages is None:
            messages = history.window(carried or None, config.response.history_messages)
        response.taken = self._out.publish(self._job(response, messages, config, now_ms))
        self._out.tell(ResponseStarted(response.turn, request.ask))
        self.commit(response, now_ms)

    def want_response(self) -> None:
        """Respond to the conversation once nothing is spoken; one response is to all its words."""
        self._wants_response = True

    def queue(self, request: ResponseRequested) -> None:
        """Queue a response that the client requested."""
        self._queued.append(request)

    def drop_queue(self) -> None:
        """Begin none of the wanted and queued responses."""
        self._wants_response = False
        self._queued.clear()

    @property
    def has_queued(self) -> bool:
        """Whether a wanted or requested response has not begun."""
        return self._wants_response or bool(self._queued)

    def respond_to_queued(self, now_ms: int) -> None:
        """Begin the next response, once the previous one is over; the client's come last."""
        if self._current.response is not None:
            return
        if self._wants_response:
            self.respond(ResponseRequested(""), now_ms)
        elif self._queued:
            self.respond(self._queued.popleft(), now_ms)

    def respond_to_late_results(self, now_ms: int) -> None:
        """Respond to the result of a background call; only when nobody speaks."""
        response = self._ask(Origin.REQUESTED, None, now_ms)
        self._out.tell(ResponseStarted(response.turn))
        self.commit(response, now_ms)

    def _new(
        self, origin: Origin, turn: int, text: str, voice: VoiceConfig, now_ms: int
    ) -> Response:
        """Return a new response to *text*, which becomes the current one."""
        playback = Playback(turn, voice)
        self._current.response = Response(turn, text, 1.0, playback, now_ms, now_ms, origin)
        return self._current.response

    def _begin(
        self, origin: Origin, words: str | None, now_ms: int
    ) -> tuple[Response, ev.TurnTaken]:
        """Return a response to *words* (None: without words of the caller), and its job."""
        history, config = self._history, self._config.now
        history.turn += 1
        history.enter_late_results()
        text = history.with_carried(words or "")
        response = self._new(origin, history.turn, text, config.voice, now_ms)
        spoken = None if words is None else text
        messages = history.window(spoken, config.response.history_messages)
        return response, self._job(response, messages, config, now_ms)

    def _ask(self, origin: Origin, words: str | None, now_ms: int) -> Response:
        """Ask the language model for a response to *words*, or without any if that is None."""
        response, job = self._begin(origin, words, now_ms)
        response.taken = self._out.publish(job)
        return response

    def _job(
        self,
        response: Response,
        messages: tuple[ev.Message, ...],
        config: SessionConfig,
        now_ms: int,
    ) -> ev.TurnTaken:
        """Return the language model's job for a turn without an utterance."""
        wanted = config.response
        tools = self._tools.offered(0) if config.tools and config.tool_use.max_steps else ()
        return ev.TurnTaken(
            **self._out.head(now_ms),
            turn=response.turn,
            utterance=0,
            pause=0,
            system=self._history.system(wanted.system_prompt),
            messages=messages,
            llm_model=wanted.model,
            max_tokens=wanted.max_tokens,
            temperature=wanted.temperature,
            seed=wanted.seed,
            speculative=False,
            text_only=config.voice.delivery == "text",
            deadline_ms=now_ms + wanted.deadline_ms,
            tools=tools,
            tool_choice=chosen(config.tool_use.choice, tools),
            agent=self._out.agent,
            **speaker(config),
        )

    def commit(self, response: Response, now_ms: int) -> None:
        """Commit the turn: from here on its response may be heard."""
        self._wants_response = False
        response.mark("committed_ms", now_ms)
        response.move(PhaseMove.COMMIT)
        response.waiting_since_ms = now_ms
        self._history.commit_carried()
        self._history.turn_begins()
        committed = ev.TurnCommitted(
            **self._out.head(now_ms),
            turn=response.turn,
            text=response.text,
            confidence=response.confidence,
            speculative=response.speculative,
        )
        self._out.publish(committed)
        self._tools.run(response, now_ms)

    @property
    def eot_llm(self) -> float | None:
        """The model's probability of the end of turn, from its speculative response, or None."""
        response = self._current.uncommitted
        return response.eot_llm if response else None

    @property
    def eot_pending(self) -> bool:
        """Whether the model is still expected to give this probability."""
        response, config = self._current.uncommitted, self._config.now
        if response is None or not response.asks_eot or response.sentences:
            return False
        return config.turns.ask_eot and config is not self._without_eot

    def note_eot(self, eot_llm: float | None) -> None:
        """Note the probability of the end of turn that the model gave, or that it gave none."""
        self._without_eot = self._config.now if eot_llm is None else None
