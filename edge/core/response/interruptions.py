"""Handles interruptions by the caller or a client: holds, stops, continues or ends the response.

The states of an interruption are drawn in `interruption.py`.
"""

from edge.core.client_events import Interrupted
from edge.core.effects import Outbox
from edge.core.inputs import Truncated
from edge.core.response.current_response import CurrentResponse
from edge.core.response.interruption import InterruptionMove
from edge.core.response.response import Phase, Response
from edge.core.session.message_names import MessageNames, response_key
from schemas import events as ev

InterruptionEvent = ev.InterruptionSuspected | ev.InterruptionStopped | ev.InterruptionDismissed


class Interruptions:
    """Moves the interruption of the current response."""

    def __init__(self, current: CurrentResponse, names: MessageNames, out: Outbox) -> None:
        self._current = current
        self._names = names
        self._out = out

    def suspect(self, now_ms: int) -> None:
        """Hold the response, since the sound over it may be an interruption."""
        response = self._current.response
        if response is None or response.firm or response.heard_to_the_end(now_ms):
            return
        response.move_interruption(InterruptionMove.SUSPECT)
        response.suspected_ms = now_ms
        if response.playback.begun:
            self._note(ev.InterruptionSuspected, response, now_ms)

    def hold_on(self, now_ms: int) -> None:
        """Hold the response for longer, since the caller still speaks."""
        if (response := self._current.response) and response.held:
            response.suspected_ms = now_ms

    def stop(self, now_ms: int) -> None:
        """Let the client stop the held response, which may still go on from there."""
        response = self._current.response
        if response is None or not response.held or response.stopped:
            return
        if not response.playback.begun or response.heard_to_the_end(now_ms):
            return
        response.move_interruption(InterruptionMove.STOP)
        heard, played_ms = response.playback.heard(now_ms), response.playback.played_ms(now_ms)
        response.rewind(now_ms)
        self._note(ev.InterruptionStopped, response, now_ms)
        self._out.tell(Interrupted(response.turn, heard, played_ms))

    def dismiss(self, now_ms: int) -> None:
        """Continue the held response: the sound was no interruption."""
        response = self._current.response
        if response is None or not response.held:
            return
        response.move_interruption(InterruptionMove.DISMISS)
        response.waiting_since_ms = now_ms
        if response.playback.begun:
            self._note(ev.InterruptionDismissed, response, now_ms)

    def interrupt(self, now_ms: int, *, gone_on: bool = False) -> None:
        """End the response here; only its heard part becomes history.

        *gone_on*: the caller goes on with the turn, so the first sounds do not become history
        either.
        """
        response = self._current.response
        if response is None:
            return
        stopped = response.stopped
        response.move_interruption(InterruptionMove.CONFIRM)
        if response.heard_to_the_end(now_ms):
            self._current.finish(response, now_ms, heard=response.spoken, complete=True)
        elif response.playback.begun and gone_on:
            if not stopped:
                self._out.tell(Interrupted(response.turn, ""))
            self._current.retract(response, now_ms)
        elif response.playback.begun:
            heard = response.playback.heard(now_ms)
            self._current.cancel(response, now_ms, "interrupted")
            if not stopped:
                played_ms = response.playback.played_ms(now_ms)
                self._out.tell(Interrupted(response.turn, heard, played_ms))
            if response.phase is Phase.COMMITTED:
                self._current.measure(response, now_ms, interrupted=True)
            self._current.finish(response, now_ms, heard=heard, complete=False)
        else:
            self._current.retract(response, now_ms)

    def truncate(self, told: Truncated, now_ms: int) -> None:
        """Cut the response to the part that was heard, as told by the client."""
        response, last = self._current.of(told.turn), self._current.last
        if response and response.stopped:  # the response may still go on from there
            response.rewind(now_ms, told.played_ms)
        elif response and response.playback.begun:
            response.rewind(now_ms, told.played_ms)
            self.interrupt(now_ms)
        elif last and last.turn == told.turn and last.in_conversation:
            heard = last.playback.heard_by(told.played_ms)
            self._names.reword(response_key(last.turn), heard)
            truncated = ev.AnswerTruncated(
                **self._out.head(now_ms), turn=last.turn, text=heard, played_ms=told.played_ms
            )
            self._out.publish(truncated)

    def _note(self, kind: type[InterruptionEvent], response: Response, now_ms: int) -> None:
        """Publish an event of the interruption, with the played part of the response."""
        played_ms = response.playback.played_ms(now_ms)
        self._out.publish(kind(**self._out.head(now_ms), turn=response.turn, played_ms=played_ms))
