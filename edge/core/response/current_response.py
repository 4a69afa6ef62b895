"""The current response: it is held, stopped, interrupted, retracted, finished or left open.

The states of an interruption are drawn in `interruption.py`.
"""

from dataclasses import dataclass

from edge.core.messages.client_events import Interrupted, Measured, ResponseDropped
from edge.core.messages.effects import Outbox
from edge.core.messages.inputs import Played, Truncated
from edge.core.response.interruption import InterruptionMove
from edge.core.response.request import UNMEASURED
from edge.core.response.response import Response, ResponsePhase
from edge.core.response.sentence import BEGINNING, Position
from edge.core.response.tool_turns import ToolTurns
from edge.core.session.history import History
from edge.core.session.message_names import response_key
from schemas import events as ev

InterruptionEvent = ev.InterruptionSuspected | ev.InterruptionStopped | ev.InterruptionDismissed


@dataclass
class Speculation:
    """The number and cost of speculative responses since the last measured turn."""

    asked: int = 0
    retracted: int = 0
    sentences: int = 0


class CurrentResponse:
    """Holds the current response; words and audio of any other turn are stale."""

    def __init__(self, history: History, tools: ToolTurns, out: Outbox) -> None:
        self.response: Response | None = None
        self.last: Response | None = None
        """The response that was finished last; a client may still tell how much of it was heard."""
        self.speculation = Speculation()
        self._history = history
        self._tools = tools
        self._out = out

    def of(self, turn: int) -> Response | None:
        """Return the response if it is to *turn*, else None."""
        return self.response if self.response and self.response.turn == turn else None

    @property
    def uncommitted(self) -> Response | None:
        """The response if it is speculative, else None."""
        response = self.response
        return response if response and response.phase is ResponsePhase.SPECULATIVE else None

    @property
    def held(self) -> bool:
        """Whether an interruption of the response is suspected."""
        return self.response is not None and self.response.interruption.held

    @property
    def firm(self) -> bool:
        """Whether there is a response that the caller cannot interrupt."""
        return self.response is not None and self.response.request.firm

    def retract(self, response: Response, now_ms: int) -> None:
        """Retract a response, since the caller's turn goes on."""
        self.cancel(response, now_ms, "retracted")
        self.speculation.retracted += response.request.speculative
        self.speculation.sentences += response.sentences.written
        if response.steps.is_used:  # otherwise its tools would run twice
            self.finish(response, now_ms, heard="", complete=False)
            return
        self.response = None
        self._history.control.turn_dropped(response.turn)
        if response.phase is ResponsePhase.SPECULATIVE or not response.request.is_awaited:
            return
        self._history.turn_over()
        self._history.carry(response.request.caller_words)
        carried = bool(response.request.caller_words)
        self._publish_heard(response, now_ms, text="", complete=False, carried=carried)

    def drop(self, reason: ev.CancelReason, now_ms: int) -> None:
        """Drop the response, whatever its state."""
        response = self.response
        if response is None:
            return
        self.cancel(response, now_ms, reason)
        if response.phase is ResponsePhase.SPECULATIVE:
            self.response = None
        else:
            heard = response.playback.heard(now_ms)
            self.finish(response, now_ms, heard=heard, complete=False)

    def suspend(self, now_ms: int) -> None:
        """Keep the response for a later connection; drop it if none would continue it."""
        response = self.response
        if response is None or not response.can_be_resumed:
            self.drop("hung_up", now_ms)
            return
        heard = response.playback.heard(now_ms)
        if response.heard_to_the_end(now_ms):
            self.finish(response, now_ms, heard=response.text, complete=True)
        else:
            response.rewind(now_ms)
            where = response.playback.position
            self.finish(response, now_ms, heard=heard, complete=False, resume_at=where)

    def cancel(self, response: Response, now_ms: int, reason: ev.CancelReason) -> None:
        head = self._out.head(now_ms)
        self._out.publish(ev.ResponseCancelled(**head, turn=response.turn, reason=reason))
        if response.phase is not ResponsePhase.SPECULATIVE:
            self._out.tell(ResponseDropped(response.turn, reason))
        self._tools.cancel(response)

    def finish(
        self,
        response: Response,
        now_ms: int,
        *,
        heard: str,
        complete: bool,
        resume_at: Position | None = None,
    ) -> None:
        """Enter the turn into the history, with the heard part of its response.

        *resume_at*: the position from which it goes on on another connection; None: it is over.
        """
        self.response, self.last, request = None, response, response.request
        self._history.control.turn_over(request.turn)
        if request.in_conversation:
            steps = response.steps
            self._history.enter_turn(request.caller_words, heard, steps, request.turn)
        else:
            self._history.turn_over()
        self._publish_heard(response, now_ms, text=heard, complete=complete, resume_at=resume_at)
        if complete and response.steps.ends_call:
            self._out.hang_up()

    def _publish_heard(
        self,
        response: Response,
        now_ms: int,
        *,
        text: str,
        complete: bool,
        carried: bool = False,
        resume_at: Position | None = None,
    ) -> None:
        """Publish what was heard of a response."""
        where = resume_at or BEGINNING
        event = ev.AnswerHeard(
            **self._out.head(now_ms),
            turn=response.turn,
            text=text,
            complete=complete,
            played_ms=response.playback.played_ms(now_ms),
            carried=carried,
            resumable=resume_at is not None,
            sentence=where.sentence,
            sentence_ms=where.before_ms,
            sentence_words=where.words,
            earlier_connections=response.request.earlier_connections,
            in_conversation=response.request.in_conversation,
        )
        self._out.publish(event)

    def measure(self, response: Response, now_ms: int, *, interrupted: bool) -> None:
        if response.request.origin in UNMEASURED:
            return
        cost, self.speculation = self.speculation, Speculation()
        measured = ev.TurnMeasured(
            **self._out.head(now_ms),
            turn=response.turn,
            speculations=cost.asked,
            retracted=cost.retracted,
            wasted_sentences=cost.sentences,
            interrupted=interrupted,
            **response.times_ms,
        )
        self._out.publish(measured)
        self._out.tell(Measured(measured))

    # -------------------------------------------------------- from the caller and the client

    def client_is_there(self) -> None:
        """Release a greeting that waits for the client's first audio or command."""
        if self.response:
            self.response.not_before_ms = 0

    def played(self, report: Played, now_ms: int) -> None:
        """Take the client's *report* of the played part of the response."""
        if response := self.of(report.turn):
            response.playback.played(report.played_ms, now_ms)

    def suspect(self, now_ms: int) -> None:
        """Hold the response, since the sound over it may be an interruption."""
        response = self.response
        if response is None or response.request.firm or response.heard_to_the_end(now_ms):
            return
        response.interruption.move(InterruptionMove.SUSPECT)
        response.interruption.suspected_ms = now_ms
        if response.playback.begun:
            self._note(ev.InterruptionSuspected, response, now_ms)

    def hold_on(self, now_ms: int) -> None:
        """Hold the response for longer, since the caller still speaks."""
        if (response := self.response) and response.interruption.held:
            response.interruption.suspected_ms = now_ms

    def stop(self, now_ms: int) -> None:
        """Let the client stop the held response, which may still go on from there."""
        response = self.response
        if response is None or not response.interruption.held or response.interruption.stopped:
            return
        if not response.playback.begun or response.heard_to_the_end(now_ms):
            return
        response.interruption.move(InterruptionMove.STOP)
        heard, played_ms = response.playback.heard(now_ms), response.playback.played_ms(now_ms)
        response.rewind(now_ms)
        self._note(ev.InterruptionStopped, response, now_ms)
        self._out.tell(Interrupted(response.turn, heard, played_ms))

    def dismiss(self, now_ms: int) -> None:
        """Continue the held response: the sound was no interruption."""
        response = self.response
        if response is None or not response.interruption.held:
            return
        response.interruption.move(InterruptionMove.DISMISS)
        response.waiting_since_ms = now_ms
        if response.playback.begun:
            self._note(ev.InterruptionDismissed, response, now_ms)

    def interrupt(self, now_ms: int, *, gone_on: bool = False) -> None:
        """End the response here; only its heard part becomes history.

        *gone_on*: the caller goes on with the turn, so the first sounds do not become history
        either.
        """
        response = self.response
        if response is None:
            return
        stopped = response.interruption.stopped
        response.interruption.move(InterruptionMove.CONFIRM)
        if response.heard_to_the_end(now_ms):
            self.finish(response, now_ms, heard=response.text, complete=True)
        elif response.playback.begun and gone_on:
            if not stopped:
                self._out.tell(Interrupted(response.turn, ""))
            self.retract(response, now_ms)
        elif response.playback.begun:
            heard = response.playback.heard(now_ms)
            self.cancel(response, now_ms, "interrupted")
            if not stopped:
                played_ms = response.playback.played_ms(now_ms)
                self._out.tell(Interrupted(response.turn, heard, played_ms))
            if response.phase is ResponsePhase.COMMITTED:
                self.measure(response, now_ms, interrupted=True)
            self.finish(response, now_ms, heard=heard, complete=False)
        else:
            self.retract(response, now_ms)

    def truncate(self, report: Truncated, now_ms: int) -> None:
        """Cut the response to the part that was heard, by the client's *report*."""
        response, last = self.of(report.turn), self.last
        if response and response.interruption.stopped:  # the response may still go on from there
            response.rewind(now_ms, report.played_ms)
        elif response and response.playback.begun:
            response.rewind(now_ms, report.played_ms)
            self.interrupt(now_ms)
        elif last and last.turn == report.turn and last.request.in_conversation:
            heard = last.playback.heard_by(report.played_ms)
            self._history.names.reword(response_key(last.turn), heard)
            truncated = ev.AnswerTruncated(
                **self._out.head(now_ms), turn=last.turn, text=heard, played_ms=report.played_ms
            )
            self._out.publish(truncated)

    def _note(self, kind: type[InterruptionEvent], response: Response, now_ms: int) -> None:
        """Publish an event of the interruption, with the played part of the response."""
        played_ms = response.playback.played_ms(now_ms)
        self._out.publish(kind(**self._out.head(now_ms), turn=response.turn, played_ms=played_ms))
