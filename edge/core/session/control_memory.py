"""The lasting effects of operators' commands on a session, also restored from the log. Pure.

A call reaches its spend limit, and its caller is told, on each connection:

    WITHIN, REACHED --reach--> REACHED
    REACHED --tell--> TOLD

Two edges may have logged that the limit is reached.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from edge.core.session.call_phase import CALL_MOVES, CallMove, CallPhase
from runtime.moves import moved
from schemas import events as ev
from schemas.control import AnyCommand, End, Instruct, Interrupt, Mute, Say, Side

MOST_INSTRUCTIONS, MOST_INSTRUCTIONS_CHARS = 20, 8000
"""The most instructions in force, and their characters in all, since each job carries them. The
oldest instructions are dropped first."""
MOST_WAITING_TEXTS = 50
"""The most texts that wait to be spoken; further texts are refused."""

_OURS: tuple[str, Say | Instruct] = ("", Say(""))
"""Stands for words without a command, or for words that must not be repeated."""
ENDED = "CALL_ENDED"
"""The error code for the client of a call that an operator ends."""
BY_OPERATOR = "ended by the operator"


class SpendPhase(Enum):
    """How far a call is with its spend limit."""

    WITHIN = auto()
    """It has spent less, or has no limit."""
    REACHED = auto()
    """It has spent as much, and the caller was not told yet."""
    TOLD = auto()


class SpendMove(Enum):
    """The moves between phases."""

    REACH = auto()
    TELL = auto()


WITHIN, REACHED, TOLD = SpendPhase

SPEND_MOVES: Mapping[tuple[SpendPhase, SpendMove], SpendPhase] = {
    (WITHIN, SpendMove.REACH): REACHED,
    (REACHED, SpendMove.REACH): REACHED,
    (REACHED, SpendMove.TELL): TOLD,
}


@dataclass
class ControlMemory:
    """The state after all commands that a session received."""

    received: set[str] = field(default_factory=set)
    """The ids of the received commands."""
    instructions: list[str] = field(default_factory=list)
    muted: set[Side] = field(default_factory=set)
    waiting: list[tuple[str, Say | Instruct]] = field(default_factory=list)
    """The waiting texts in order, each with the id of its command."""
    being_spoken: dict[int, tuple[str, Say | Instruct]] = field(default_factory=dict)
    """The texts that are being spoken, by turn."""
    phase: CallPhase = CallPhase.OPEN
    why: tuple[str, str] = (ENDED, BY_OPERATOR)
    """The code and reason of the call's end."""
    spend_phase: SpendPhase = WITHIN

    @property
    def spent(self) -> bool:
        """Whether the spend limit is reached."""
        return self.spend_phase is not WITHIN

    @property
    def responses_off(self) -> bool:
        """Whether turns get no response of the language model."""
        return self.spent or "assistant" in self.muted

    @property
    def model_off(self) -> bool:
        """Whether the language model is not asked for responses."""
        return self.phase is not CallPhase.OPEN or self.responses_off

    def note(self, command_id: str, command: AnyCommand) -> None:
        """Note a command that is carried out now."""
        self.received.add(command_id)
        if self.phase is not CallPhase.OPEN:  # two edges may have logged an end
            return
        match command:
            case Say():
                self.waiting.append((command_id, command))
            case Instruct(text=text, respond=respond):
                self.instructions.append(text.strip())
                while self._has_too_many_instructions:
                    del self.instructions[0]
                if respond:
                    self.waiting.append((command_id, command))
            case Interrupt():
                self._forget_texts()
            case Mute(side=side, muted=True):
                self.muted.add(side)
            case Mute(side=side):
                self.muted.discard(side)
            case End(words=words, reason=reason):
                self.end(words, (ENDED, reason or BY_OPERATOR))

    def end(self, words: str, why: tuple[str, str]) -> None:
        """End the call; its last *words* are the only text that still waits."""
        self.move(CallMove.END)
        self.why = why
        self._forget_texts()
        if last := words.strip():
            self.waiting.append(("", Say(last, interruptible=False)))

    def move(self, move: CallMove) -> None:
        """Move the phase of the call.

        Raises:
            IllegalMoveError: the phase has no such move.
        """
        self.phase = moved(CALL_MOVES, self.phase, move)

    def move_spend(self, move: SpendMove) -> None:
        """Move the phase of the spend limit.

        Raises:
            IllegalMoveError: the phase has no such move.
        """
        self.spend_phase = moved(SPEND_MOVES, self.spend_phase, move)

    @property
    def _has_too_many_instructions(self) -> bool:
        if len(self.instructions) > MOST_INSTRUCTIONS:
            return True
        return sum(map(len, self.instructions)) > MOST_INSTRUCTIONS_CHARS

    def drop_requested(self) -> None:
        """Drop the waiting texts that ask for a response."""
        self.waiting = [text for text in self.waiting if isinstance(text[1], Say)]

    def _forget_texts(self) -> None:
        """Drop all texts, waiting or being spoken."""
        self.waiting.clear()
        self.being_spoken = dict.fromkeys(self.being_spoken, _OURS)

    def note_spoken(self, command_id: str, turn: int) -> None:
        """Note that a command's words are spoken as *turn*.

        Without an id they are the last words of the call, or else the edge's.
        """
        for number, (waiting_id, command) in enumerate(self.waiting):
            if waiting_id == command_id:
                del self.waiting[number]
                self.being_spoken = {turn: (command_id, command)}
                return
        self.being_spoken = {turn: _OURS}

    def turn_over(self, turn: int) -> None:
        """Note that *turn* is over."""
        self.being_spoken.pop(turn, None)

    def turn_dropped(self, turn: int) -> None:
        """Note that *turn* was given up before any of it was heard; its text waits again."""
        command_id, command = self.being_spoken.pop(turn, _OURS)
        if isinstance(command, Say) and command.text:
            self.waiting.insert(0, (command_id, command))

    def cut_off(self) -> None:
        """Note that the connection was cut: texts that were not wholly heard are repeated."""
        for turn in tuple(self.being_spoken):
            self.turn_dropped(turn)

    def read(self, event: ev.Event) -> None:
        """Take an event of the log."""
        match event:
            case ev.ControlReceived():
                self.note(event.command_id, event.command)
            case ev.ControlSpoken():
                self.note_spoken(event.command_id, event.turn)
            case ev.ResponseCancelled(turn=turn, reason="retracted"):
                self.turn_dropped(turn)
            case ev.AnswerHeard(turn=turn, resumable=False):
                self.turn_over(turn)
            case ev.SpendReached():
                self.move_spend(SpendMove.REACH)
            case _:
                pass
