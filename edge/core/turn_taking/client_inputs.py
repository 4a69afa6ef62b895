"""Handles inputs of the client other than sound: text, keys, playback, requests."""

from typing import assert_never

from edge.core.messages import inputs
from edge.core.messages.inputs import FromClient
from edge.core.response.current_response import CurrentResponse
from edge.core.response.requester import Requester
from edge.core.response.responder import Responder
from edge.core.turn_taking.keypad import Keypad
from edge.core.turn_taking.turn_entry import TurnEntry
from edge.core.turn_taking.turns import Turns


class ClientInputs:
    """Passes each input of the client to the part that handles it."""

    def __init__(
        self,
        current: CurrentResponse,
        requester: Requester,
        responder: Responder,
        turns: Turns,
        entry: TurnEntry,
        keypad: Keypad,
    ) -> None:
        self._current = current
        self._requester = requester
        self._responder = responder
        self._turns = turns
        self._entry = entry
        self._keypad = keypad

    def receive(self, call_input: FromClient, now_ms: int, *, deaf: bool) -> None:
        """Pass on an input that arrived at *now_ms*, Unix ms, unless it is ignored at present.

        *deaf*: the caller's text and keys are ignored.
        """
        if self._is_ignored(call_input, deaf=deaf):
            return
        self._current.client_is_there()
        self._dispatch(call_input, now_ms)

    def _dispatch(self, call_input: FromClient, now_ms: int) -> None:
        match call_input:
            case inputs.Typed(text):
                self._entry.typed(text, now_ms)
            case inputs.TurnEnded():
                self._turns.end(now_ms)
            case inputs.Cancelled():
                self._current.interrupt(now_ms)
            case inputs.TurnDiscarded():
                self._entry.discard(now_ms)
            case inputs.Played():
                self._current.played(call_input, now_ms)
            case inputs.Truncated():
                self._current.truncate(call_input, now_ms)
            case inputs.ItemAdded() | inputs.ItemRemoved():
                self._entry.edit(call_input, now_ms)
            case inputs.ResponseRequested():
                self._requester.queue(call_input, now_ms)
            case inputs.ClientToolResult():
                self._responder.client_result(call_input, now_ms)
            case inputs.KeyPressed(keys):
                self._keypad.press(keys, now_ms)
                if not self._current.firm:
                    self._current.interrupt(now_ms)
            case _:
                assert_never(call_input)

    def _is_ignored(self, call_input: FromClient, *, deaf: bool) -> bool:
        """Tell whether the input is ignored, since the caller is muted or the response is firm."""
        match call_input:
            case inputs.Typed() | inputs.TurnEnded() | inputs.KeyPressed():
                return deaf
            case inputs.Cancelled():
                return self._current.firm
            case inputs.Truncated(turn=turn):
                return self._current.firm and self._current.of(turn) is not None
            case _:
                return False
