"""The lasting part of operators' commands to a session, also read back from the log. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

from edge.core.moves import moved
from edge.core.session.call_phase import CALL_MOVES, CallMove, CallPhase
from schemas.control import AnyCommand, End, Instruct, Interrupt, Mute, Say, Side
from schemas.events import (
    AnswerHeard,
    ControlReceived,
    ControlSpoken,
    Event,
    ResponseCancelled,
    SpendReached,
)

MOST_INSTRUCTIONS, MOST_CHARS = 20, 8000
"""In force at once, and their characters in all: each turn's job carries them. An older one is
forgotten for a newer one."""
MOST_WAITING = 50
"""Texts that wait to be spoken; one more is refused."""

_OURS: tuple[str, Say | Instruct] = ("", Say(""))
"""Stands for words that no command gave, or that are not to be spoken again."""


class Budget(Enum):
    """How much is left of what the call may use up."""

    LEFT = auto()
    SPENT = auto()
    """Nothing is, and the caller was not told yet."""
    TOLD = auto()


@dataclass
class ControlMemory:
    """The fold of the commands that a session received."""

    received: set[str] = field(default_factory=set)
    """Their ids."""
    instructions: list[str] = field(default_factory=list)
    muted: set[Side] = field(default_factory=set)
    waiting: list[tuple[str, Say | Instruct]] = field(default_factory=list)
    """What is to be spoken, the next first, by the id of its command."""
    spoken: dict[int, tuple[str, Say | Instruct]] = field(default_factory=dict)
    """Of what is being spoken: its turn."""
    phase: CallPhase = CallPhase.OPEN
    budget: Budget = Budget.LEFT

    @property
    def spent(self) -> bool:
        """It has used up what it may."""
        return self.budget is not Budget.LEFT

    @property
    def silent(self) -> bool:
        """Turns get no response of the language model."""
        return self.spent or "assistant" in self.muted

    def take(self, command_id: str, command: AnyCommand) -> None:
        """Take a command that is done now."""
        self.received.add(command_id)
        match command:
            case Say():
                self.waiting.append((command_id, command))
            case Instruct(text=text, respond=respond):
                self.instructions.append(text.strip())
                while len(self.instructions) > MOST_INSTRUCTIONS or self._chars > MOST_CHARS:
                    del self.instructions[0]
                if respond:
                    self.waiting.append((command_id, command))
            case Interrupt():
                self._forget_texts()
            case Mute(side=side, muted=True):
                self.muted.add(side)
            case Mute(side=side):
                self.muted.discard(side)
            case End():
                self._forget_texts()
                if self.phase is CallPhase.OPEN:  # two edges may have logged an end
                    self.move(CallMove.END)

    def move(self, move: CallMove) -> None:
        """Move the phase of the call.

        Raises:
            IllegalMoveError: the phase has no such move.
        """
        self.phase = moved(CALL_MOVES, self.phase, move)

    @property
    def _chars(self) -> int:
        return sum(map(len, self.instructions))

    def _forget_texts(self) -> None:
        """Have none of the texts spoken, or spoken once more."""
        self.waiting.clear()
        self.spoken = dict.fromkeys(self.spoken, _OURS)

    def spoken_as(self, command_id: str, turn: int) -> None:
        """Note that the words of a command are spoken as *turn*; no id: they are the edge's own."""
        for number, (waiting_id, command) in enumerate(self.waiting):
            if waiting_id == command_id:
                del self.waiting[number]
                self.spoken = {turn: (command_id, command)}
                return
        self.spoken = {turn: _OURS}

    def heard(self, turn: int) -> None:
        """Note that *turn* is over."""
        self.spoken.pop(turn, None)

    def unheard(self, turn: int) -> None:
        """Note that *turn* was given up before anything of it was heard: a text waits again."""
        command_id, command = self.spoken.pop(turn, ("", None))
        if command_id and isinstance(command, Say):
            self.waiting.insert(0, (command_id, command))

    def cut_off(self) -> None:
        """Note that the call was cut: texts not heard to their end are spoken again."""
        for turn in tuple(self.spoken):
            self.unheard(turn)

    def read(self, event: Event) -> None:
        """Take an event of the log."""
        match event:
            case ControlReceived():
                self.take(event.command_id, event.command)
            case ControlSpoken():
                self.spoken_as(event.command_id, event.turn)
            case ResponseCancelled(turn=turn, reason="retracted"):
                self.unheard(turn)
            case AnswerHeard(turn=turn, resumable=False):
                self.heard(turn)
            case SpendReached():
                self.budget = Budget.SPENT
            case _:
                pass
