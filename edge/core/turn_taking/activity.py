"""Whose turn it is: derived in one function from the caller's utterance and the response. Pure.

    utterance      | no response | SPECULATIVE | COMMITTED, ALL_SENT, REWOUND
    none           | QUIET       | illegal     | BUSY: Aura's turn
    SPEAKING       | LISTENING   | illegal     | BUSY: both, the response is held or goes on
    AWAITS_WORDS   | LISTENING   | illegal     | BUSY: the same
    WORDS_KNOWN    | LISTENING   | BUSY        | BUSY: the same
    BACKCHANNEL    | LISTENING   | illegal     | BUSY: the same

A speculative response stands beside the words that it responds to. It is committed or retracted in
the step in which the caller goes on, or in which the utterance ends.
"""

from enum import Enum, auto

from edge.core.hearing.utterance import Utterance, UtterancePhase
from edge.core.response.response import Response, ResponsePhase
from runtime.moves import IllegalMoveError


class Activity(Enum):
    """The activity of a call."""

    QUIET = auto()
    """Neither side speaks or is about to; most calls are quiet most of the time."""
    LISTENING = auto()
    """The caller speaks, and nothing else is under way."""
    BUSY = auto()
    """A response or the work for it is under way, whether or not the caller speaks."""


QUIET, LISTENING, BUSY = Activity


def activity(utterance: Utterance | None, response: Response | None, *, pending: bool) -> Activity:
    """Return the activity; *pending*: requested responses, awaited words or keys are to be handled.

    Raises:
        IllegalMoveError: the response is speculative without known words of the caller.
    """
    if response is None:
        if pending:
            return BUSY
        return LISTENING if utterance else QUIET
    if response.phase is ResponsePhase.SPECULATIVE:
        phase = utterance.phase if utterance else None
        if phase is not UtterancePhase.WORDS_KNOWN:
            raise IllegalMoveError(f"a speculative response beside {phase}")
    return BUSY
