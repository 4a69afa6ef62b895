"""The sentences of one response in the log, folded from their events. Pure.

Every link of the chain is stored behind the fence: only if the one before it is still the newest
word on its subject. Cancellations and the ends of other responses stand between the links.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from schemas.events import AnyEvent, ResponseCancelled, ResponseCompleted, ResponseSentence


@dataclass(frozen=True)
class ChainState:
    """What is known of the response to *turn*."""

    turn: int
    last: int = 0
    """Sequence of the newest word on the subject, which the next link names; 0: there is none."""
    sentences: tuple[str, ...] = ()
    is_over: bool = False
    """It was completed or cancelled."""

    @property
    def is_begun(self) -> bool:
        return self.is_over or bool(self.sentences)

    @property
    def text(self) -> str:
        return " ".join(self.sentences)

    def after(self, seq: int, event: AnyEvent | None = None) -> ChainState:
        """Return it with *event*, which stands at *seq*; None: an event of earlier turns."""
        state = replace(self, last=seq)
        match event:
            case ResponseSentence(turn=turn, text=text) if turn == self.turn:
                return replace(state, sentences=(*self.sentences, text))
            case ResponseCompleted(turn=turn) | ResponseCancelled(turn=turn) if turn >= self.turn:
                return replace(state, is_over=True)
            case _:
                return state

    def is_what_was_known(self, known: ChainState) -> bool:
        """Tell whether, of what is newer than *known*, nothing belongs to this response.

        A copy of the log that was a moment behind told of an older end of the chain, then.
        """
        return not self.is_over and self.sentences == known.sentences and self.last > known.last
