"""Aura's side of a call: sends the words and audio of one response at a time to the client.

A response's phases are drawn in `response.py`, its interruption in `interruption.py`.
"""

import json
from typing import Literal

from edge.core.messages.client_events import Speech
from edge.core.messages.effects import Outbox
from edge.core.messages.inputs import ChunkSpoken, ClientToolResult
from edge.core.response.current_response import CurrentResponse
from edge.core.response.requester import Requester
from edge.core.response.response import Response, ResponseMove, ResponsePhase
from edge.core.response.tool_turns import ToolTurns
from edge.core.session.current_config import CurrentConfig
from schemas import events as ev


class Responder:
    """Takes what the stages bring for the current response, and delivers it."""

    def __init__(
        self,
        config: CurrentConfig,
        current: CurrentResponse,
        requester: Requester,
        tools: ToolTurns,
        out: Outbox,
    ) -> None:
        self._config = config
        self._current = current
        self._requester = requester
        self._tools = tools
        self._out = out

    # -------------------------------------------------------- from the stages
    # events of another turn than that of the current response are stale

    def sentence(self, event: ev.ResponseSentence, now_ms: int) -> None:
        """Take a sentence of the response."""
        if response := self._current.of(event.turn):
            response.add_sentence(event, now_ms)
            if response.request.asks_eot and event.index == 0:
                self._requester.note_eot(event.eot_llm)

    def completed(self, event: ev.ResponseCompleted, now_ms: int) -> None:
        """Take the end of the response, or of its step."""
        if response := self._current.of(event.turn):
            self._tools.completed(response, event, now_ms)

    def tool_called(self, event: ev.ToolCalled, now_ms: int) -> None:
        """Take a tool call of the response."""
        if response := self._current.of(event.turn):
            self._tools.called(response, event, now_ms)

    def tool_done(self, event: ev.ToolReturned | ev.ToolFailed, now_ms: int) -> None:
        """Take the result or the failure of a tool call, also of an earlier response."""
        self._tools.came(self._current.of(event.turn), event, now_ms)

    def ready(self, event: ev.SpeechReady, now_ms: int) -> None:
        """Take the end of a sentence's audio; what is missing of it is read again."""
        if response := self._current.of(event.turn):
            response.waiting_since_ms = now_ms
            if event.chunks == 0:
                response.sentences.mark_silent(event.index)
            elif not response.sentences.has(event.index):
                self._out.resync_speech(response.turn)

    @property
    def tools_since_ms(self) -> int | None:
        """The start of the response's oldest running tool call, Unix ms, or None if none runs."""
        response = self._current.response
        running = response.steps.running if response else []
        return min((request.at_ms for request in running), default=None)

    def speak(self, chunk: ChunkSpoken, now_ms: int) -> None:
        """Take audio of the response."""
        if response := self._current.of(chunk.turn):
            response.mark("first_audio_ms", now_ms)
            response.sentences.at(chunk.index).add(chunk)

    def client_result(self, report: ClientToolResult, now_ms: int) -> None:
        """Take the client's result of a tool call."""
        self._tools.client_result(self._current.response, report, now_ms)

    def transferred(self, call: str, agent: str, now_ms: int) -> None:
        """Let *agent* continue, to whom the tool call *call* has transferred the caller."""
        result = json.dumps({"status": f"you are {agent} now: go on with what the caller wants"})
        self.client_result(ClientToolResult(call, result), now_ms)

    # -------------------------------------------------------- stages that fail

    def awaits(self, turn: int) -> bool:
        """Tell whether the response to *turn* is the current one."""
        return self._current.of(turn) is not None

    def misses(self, failed: ev.JobFailed) -> bool:
        """Tell whether the current response lacks what the job was to bring."""
        response = self._current.of(failed.turn)
        if response and failed.stage == "tts":
            return not response.sentences.has(failed.index)
        return response is not None and response.sentences.completed is None

    def give_up(self, stage: ev.StageOrAudio, now_ms: int) -> bool:
        """Give up the response, since *stage* failed; return whether the caller misses anything.

        A speculative response is not missed, since it is asked for again at the commit.
        """
        speculative, response = self._current.uncommitted, self._current.response
        if response and not speculative and stage == "llm" and response.steps.is_used:
            self._tools.apologize(response, now_ms)
            return True
        self._current.drop("failed", now_ms)
        if response and response.turn == 0:  # a greeting without audio is still shown
            self._out.tell(Speech(0, response.text, b"", ends=True))
        return speculative is None

    def overdue(self, now_ms: int) -> Literal["llm", "tts"] | None:
        """Return the stage whose part of the response is overdue, or None."""
        expires_ms, response = self.expires_ms, self._current.response
        if response is None or expires_ms is None or now_ms < expires_ms:
            return None
        return "tts" if response.sentences.written and not response.waits_for_model else "llm"

    # -------------------------------------------------------- to the client

    def advance(self, now_ms: int) -> None:
        """Send the due pieces, and finish a response that was heard to its end."""
        response = self._current.response
        if response is None:
            return
        self._tools.advance(response, now_ms)
        if response.interruption.held:
            if now_ms < self._held_until_ms(response):
                return
            self._current.dismiss(now_ms)
        if response.is_being_sent and now_ms >= response.not_before_ms:
            self._send(response, now_ms)
        if response.heard_to_the_end(now_ms):
            self._current.finish(response, now_ms, heard=response.text, complete=True)

    def _held_until_ms(self, response: Response) -> int:
        """The time at which a held response goes on if no words come, Unix ms."""
        config = self._config.current.interruption
        return response.interruption.suspected_ms + config.false_interruption_ms

    def _send(self, response: Response, now_ms: int) -> None:
        """Send the due pieces of a response, or the wait sound."""
        due = response.playback.due(now_ms)
        for speech in due.pieces:
            if speech.pcm or response.playback.is_read:
                response.mark("first_sent_ms", now_ms)
            self._out.tell(speech)
        if not due.ends:
            for sound in response.playback.wait_sound_due(now_ms):
                self._out.tell(sound)
        self._tools.tell_calls_done(response)
        if due.ends:
            self._note_end(response, now_ms)
        else:
            self._note_reached(response, now_ms)

    def _note_end(self, response: Response, now_ms: int) -> None:
        """Note that all of a response was sent; the first time, report and measure it."""
        first = response.phase is ResponsePhase.COMMITTED
        response.move(ResponseMove.SEND_ALL)
        if first and response.turn:
            self._out.tell(response.done())
            self._current.measure(response, now_ms, interrupted=False)

    def _note_reached(self, response: Response, now_ms: int) -> None:
        """Record the sentence that begins, for an edge that may have to continue it."""
        index = response.playback.reached
        if response.turn and index > response.reached:
            response.reached = index
            head = self._out.head(now_ms)
            self._out.publish(ev.AnswerReached(**head, turn=response.turn, index=index))

    def due_ms(self, now_ms: int) -> int | None:
        """The time of the next `advance` if nothing else happens, Unix ms, or None."""
        response = self._current.response
        if response is None:
            return None
        if response.interruption.held:
            return self._held_until_ms(response)
        if not response.is_being_sent:
            return response.playback.until_ms if response.phase is ResponsePhase.ALL_SENT else None
        if response.steps.running:
            return self._tools.due_ms(response, now_ms)
        due_ms = response.playback.due_at_ms(now_ms)
        return None if due_ms is None else max(due_ms, response.not_before_ms)

    @property
    def expires_ms(self) -> int | None:
        """The time at which the response is overdue, Unix ms; None: no stage is waited for."""
        response = self._current.response
        if (
            response is None
            or response.phase is ResponsePhase.ALL_SENT
            or response.interruption.held
        ):
            return None
        if response.steps.running:  # each tool call has its own deadline
            return None
        played_until_ms = 0 if response.playback.plays_wait_sound else response.playback.until_ms
        quiet_since_ms = max(response.waiting_since_ms, played_until_ms)
        return quiet_since_ms + self._config.current.response.timeout_ms
