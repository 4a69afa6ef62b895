"""Voices that may be the background's are the caller's only if their words are clear."""

from __future__ import annotations

import pytest

from edge.core.messages.client_events import CallerTranscript
from edge.core.messages.inputs import BackgroundAlone
from schemas import events as ev
from tests.unit.edge.core.rehearsal import Rehearsal

WORDS = "I am not going to be able to do that."


def room(*, doubted: bool = True) -> Rehearsal:
    """Voices for eight seconds, which may be the background's, and then a pause."""
    r = Rehearsal()
    r.says(8000)
    if doubted:
        r.give(BackgroundAlone())
    r.quiet(160)
    return r


@pytest.mark.parametrize(
    ("doubted", "confidence", "counts"),
    [(True, 0.62, False), (True, 0.85, True), (False, 0.62, True)],
)
def test_unclear_words_of_doubted_voices_are_no_turn(
    *, doubted: bool, confidence: float, counts: bool
) -> None:
    r = room(doubted=doubted)
    r.hears(WORDS, confidence=confidence)
    r.quiet(2000)
    assert bool(r.events(ev.TurnTaken)) is counts
    assert bool([one for one in r.told(CallerTranscript) if one.final]) is counts
    assert r.events(ev.SpeechEnded)[-1].discarded is not counts


def test_a_caller_who_speaks_over_the_background_is_not_doubted() -> None:
    r = room()
    r.says(1000)
    r.quiet(160)
    r.hears("Hello there, who is this?", confidence=0.5)
    r.quiet(2000)
    assert r.events(ev.TurnCommitted)
