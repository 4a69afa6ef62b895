"""Aura's side of a call: sends the words and audio of one response at a time to the client.

A response's phases are drawn in `response.py`, its interruption in `interruption.py`.
"""

from edge.core.effects import Outbox
from edge.core.inputs import ChunkSpoken, Played
from edge.core.response.current_response import CurrentResponse
from edge.core.response.interruptions import Interruptions
from edge.core.response.requester import Requester
from edge.core.response.response import Phase, PhaseMove, Response
from edge.core.response.tool_turns import ToolTurns
from edge.core.session.current_config import CurrentConfig
from edge.core.session.history import History
from schemas import events as ev


class Responder:
    """Delivers the current response; its parts request, interrupt and end responses."""

    def __init__(self, config: CurrentConfig, history: History, out: Outbox) -> None:
        self._config = config
        self._out = out
        self.tools = ToolTurns(config, history, out)
        self.current = CurrentResponse(history, self.tools, out)
        self.requester = Requester(config, self.current, self.tools, history, out)
        self.interruptions = Interruptions(self.current, history.names, out)

    # -------------------------------------------------------- from the stages

    def receive(self, event: ev.AnyEvent, now_ms: int) -> None:
        """Take an event of a stage for the current response; events of other turns are stale."""
        match event:
            case ev.ResponseSentence() if response := self.current.of(event.turn):
                response.sentence(event, now_ms)
                if response.asks_eot and event.index == 0:
                    self.requester.note_eot(event.eot_llm)
            case ev.ResponseCompleted() if response := self.current.of(event.turn):
                self.tools.completed(response, event, now_ms)
            case ev.ToolCalled() if response := self.current.of(event.turn):
                self.tools.called(response, event, now_ms)
            case ev.ToolReturned() | ev.ToolFailed():
                self.tools.came(self.current.of(event.turn), event, now_ms)
            case ev.SpeechReady() if response := self.current.of(event.turn):
                response.waiting_since_ms = now_ms
                if event.chunks == 0:
                    response.playback.silent(event.index)
                elif not response.playback.has(event.index):
                    self._out.recover(response.turn)
            case _:
                pass

    @property
    def tools_since_ms(self) -> int | None:
        """The start of the response's oldest running tool call, Unix ms, or None if none runs."""
        response = self.current.response
        running = response.tool_steps.running if response else []
        return min((call.asked_ms for call in running if call.asked_ms is not None), default=None)

    def speak(self, chunk: ChunkSpoken, now_ms: int) -> None:
        """Take audio of the response."""
        if response := self.current.of(chunk.turn):
            response.mark("first_audio_ms", now_ms)
            response.playback.chunk(chunk)

    def played(self, told: Played, now_ms: int) -> None:
        """Take the played part of the response, as told by the client."""
        if response := self.current.of(told.turn):
            response.playback.played(told.played_ms, now_ms)

    # -------------------------------------------------------- to the client

    def advance(self, now_ms: int) -> None:
        """Send the due pieces, and finish a response that was heard to its end."""
        response = self.current.response
        if response is None:
            return
        self.tools.advance(response, now_ms)
        if response.held:
            if now_ms - response.suspected_ms < self._config.now.interruption.false_interruption_ms:
                return
            self.interruptions.dismiss(now_ms)
        if response.is_being_sent and now_ms >= response.not_before_ms:
            self._send(response, now_ms)
        if response.heard_to_the_end(now_ms):
            self.current.finish(response, now_ms, heard=response.spoken, complete=True)

    def _send(self, response: Response, now_ms: int) -> None:
        """Send the due pieces of a response, or the wait sound."""
        due = response.playback.due(now_ms)
        for speech in due.pieces:
            if speech.pcm or response.playback.is_read:
                response.sent(now_ms)
            self._out.tell(speech)
        if not due.ends:
            for sound in response.playback.wait_sound_due(now_ms):
                self._out.tell(sound)
        self.tools.tell_calls_done(response)
        if due.ends:
            self._note_end(response, now_ms)
        else:
            self._note_reached(response, now_ms)

    def _note_end(self, response: Response, now_ms: int) -> None:
        """Note that all of a response was sent; the first time it is told and measured."""
        first = response.phase is Phase.COMMITTED
        response.move(PhaseMove.SEND_ALL)
        if first and response.turn:
            self._out.tell(response.done())
            self.current.measure(response, now_ms, interrupted=False)

    def _note_reached(self, response: Response, now_ms: int) -> None:
        """Record the sentence that begins, for an edge that may have to continue it."""
        index = response.playback.reached
        if response.turn and index > response.reached:
            response.reached = index
            head = self._out.head(now_ms)
            self._out.publish(ev.AnswerReached(**head, turn=response.turn, index=index))

    def due_ms(self, now_ms: int) -> int | None:
        """The time of the next `advance` if nothing else happens, Unix ms, or None."""
        response = self.current.response
        if response is None:
            return None
        if response.held:
            return response.suspected_ms + self._config.now.interruption.false_interruption_ms
        if response.tool_steps.running:
            return self.tools.due_ms(response, now_ms)
        match response.phase:
            case Phase.SPECULATIVE:
                return None
            case Phase.COMMITTED | Phase.REWOUND:
                due_ms = response.due_at_ms(now_ms)
                return None if due_ms is None else max(due_ms, response.not_before_ms)
            case Phase.ALL_SENT:
                return response.playback.until_ms

    @property
    def expires_ms(self) -> int | None:
        """The time at which the response is overdue, Unix ms, or None."""
        response = self.current.response
        if response is None or response.phase is Phase.ALL_SENT:
            return None
        if response.tool_steps.running:  # each tool call has its own deadline
            return None
        spoken_ms = 0 if response.playback.plays_wait_sound else response.playback.until_ms
        quiet_since_ms = max(response.waiting_since_ms, spoken_ms)
        return quiet_since_ms + self._config.now.response.deadline_ms
