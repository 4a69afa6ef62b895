"""The sentence chain of a response: its sentences in the log, folded from their events. Pure.

A sentence is stored behind a fence: only if the previous sentence is still the newest event of its
subject. Cancellations and the ends of other responses may come between them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from schemas.events import (
    AnyEvent,
    ResponseCancelled,
    ResponseCompleted,
    ResponseSentence,
    ToolCalled,
)


@dataclass(frozen=True)
class ChainState:
    """The known part of the response to *turn*."""

    turn: int
    last: int = 0
    """The sequence of the subject's newest event, which the next sentence names; 0: none."""
    sentences: tuple[str, ...] = ()
    calls: int = 0
    """The tool calls."""
    is_over: bool = False
    """The response was completed or cancelled."""

    @property
    def is_begun(self) -> bool:
        return self.is_over or bool(self.sentences) or self.calls > 0

    @property
    def text(self) -> str:
        return " ".join(self.sentences)

    def after(self, seq: int, event: AnyEvent | None = None) -> ChainState:
        """Return the state after *event* at *seq*; None: an event of an earlier turn."""
        state = replace(self, last=seq)
        match event:
            case ResponseSentence(turn=turn, text=text) if turn == self.turn:
                return replace(state, sentences=(*self.sentences, text))
            case ToolCalled(turn=turn) if turn == self.turn:
                return replace(state, calls=self.calls + 1)
            case ResponseCompleted(turn=turn) | ResponseCancelled(turn=turn) if turn >= self.turn:
                return replace(state, is_over=True)
            case _:
                return state

    def is_unchanged_since(self, known: ChainState) -> bool:
        """Return whether only other responses were written since *known*.

        *known* then came from a replica that was behind.
        """
        same = (self.sentences, self.calls) == (known.sentences, known.calls)
        return not self.is_over and same and self.last > known.last
