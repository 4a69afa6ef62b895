"""Handles inputs of the client other than sound: text, keys, playback, requests."""

from edge.core import inputs
from edge.core.control import Control
from edge.core.effects import Outbox
from edge.core.idle import Idle
from edge.core.inputs import AnyInput
from edge.core.keypad import Keypad
from edge.core.response.responder import Responder
from edge.core.turns import Turns
from schemas import events as ev


class UnknownInputError(TypeError):
    """The call was given a value that is no input: a bug in the edge."""


class ClientInputs:
    """Passes each input of the client to the part that handles it."""

    def __init__(
        self,
        control: Control,
        responder: Responder,
        turns: Turns,
        idle: Idle,
        keypad: Keypad,
        out: Outbox,
    ) -> None:
        self._control = control
        self._responder = responder
        self._current = responder.current
        self._interruptions = responder.interruptions
        self._turns = turns
        self._entry = turns.entry
        self._client_turns = turns.entry.client
        self._idle = idle
        self._keypad = keypad
        self._out = out

    def receive(self, given: AnyInput, now_ms: int) -> None:
        """Pass on an input that arrived at *now_ms*, Unix ms, unless it is ignored at present.

        Raises:
            UnknownInputError: *given* is no input of a client.
        """
        if self._is_ignored(given):
            return
        if response := self._current.response:
            response.client_is_there()
        self._dispatch(given, now_ms)

    def _dispatch(self, given: AnyInput, now_ms: int) -> None:
        match given:
            case inputs.Typed(text):
                self._entry.typed(text, now_ms)
            case inputs.TurnEnded():
                self._turns.end(now_ms)
            case inputs.Cancelled():
                self._interruptions.interrupt(now_ms)
            case inputs.TurnDiscarded():
                self._entry.discard(now_ms)
            case inputs.Played():
                self._responder.played(given, now_ms)
            case inputs.Truncated():
                self._interruptions.truncate(given, now_ms)
            case inputs.ItemAdded() | inputs.ItemRemoved():
                self._client_turns.edit(given, now_ms)
            case inputs.ResponseRequested():
                self._client_turns.request(given)
            case inputs.ClientToolResult():
                self._responder.tools.client_result(self._current.response, given, now_ms)
            case inputs.KeyPressed(keys):
                self._out.publish(ev.KeysPressed(**self._out.head(now_ms), keys=keys))
                self._idle.word(now_ms)
                self._interruptions.interrupt(now_ms)
                self._keypad.press(keys, now_ms)
            case _:
                raise UnknownInputError(type(given).__name__)

    def _is_ignored(self, given: AnyInput) -> bool:
        """Tell whether the input is ignored, since the caller is muted or the response is firm."""
        match given:
            case inputs.Typed() | inputs.TurnEnded() | inputs.KeyPressed():
                return self._control.deaf
            case inputs.Cancelled():
                return self._current.firm
            case _:
                return False
