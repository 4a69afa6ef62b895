"""The conversation so far: what was said and what was heard, also read back from the log."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from edge.core.summary import Summary
from schemas.events import (
    AnswerHeard,
    Event,
    Message,
    SpeechStarted,
    TurnCommitted,
    TurnTaken,
)


@dataclass
class History:
    """A session is the fold of its events; this is what its next turn needs of them."""

    messages: list[Message] = field(default_factory=list)
    turn: int = 0
    """The last turn taken."""
    utterance: int = 0
    """The last utterance started."""
    answered: int = 0
    """Turns of which something was heard."""
    carried: list[str] = field(default_factory=list)
    """Words said but not answered yet: they begin the next turn."""
    summary: Summary = field(default_factory=Summary)

    def settle(self, said: str, heard: str) -> None:
        """Enter a turn that is over: what the caller said, and what they heard in answer."""
        if said:
            self.messages.append(Message("user", said))
        if heard:
            self.messages.append(Message("assistant", heard))
            self.answered += 1

    def window(self, said: str, size: int) -> tuple[Message, ...]:
        """Return the last messages, ending with what the caller just said.

        Between half of *size* and *size* of them: forgetting half at once keeps the beginning the
        same for several turns, and a language model need not read it again.
        """
        block = size // 2
        over = max(0, len(self.messages) + 1 - size)
        return (*self.messages[-(-over // block) * block :], Message("user", said))

    def take_carried(self, text: str) -> str:
        """Return *text* with the unanswered words before it."""
        return " ".join([*self.carried, text]).strip()


def fold(events: Iterable[Event]) -> History:
    """Return the history that *events* of one session, in their order, amount to."""
    history, said = History(), dict[int, str]()
    for event in events:
        history.summary.take(event)
        match event:
            case TurnTaken(turn=turn):
                history.turn = max(history.turn, turn)
            case SpeechStarted(utterance=utterance):
                history.utterance = max(history.utterance, utterance)
            case TurnCommitted(turn=turn, text=text):
                said[turn] = text
            case AnswerHeard(turn=turn, carried=True):
                history.carried = [said.pop(turn, "")]
            case AnswerHeard(turn=turn, text=heard):
                history.carried = []
                history.settle(said.pop(turn, ""), heard)
            case _:
                pass
    # Committed, never heard: the edge died in between. The words are answered with the next ones.
    history.carried += [said[turn] for turn in sorted(said)]
    return history
