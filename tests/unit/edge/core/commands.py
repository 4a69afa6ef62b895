"""Operators' commands to a call, and what becomes of it."""

from __future__ import annotations

import itertools
from typing import Any

from edge.core.messages.effects import HangUp
from edge.core.messages.inputs import (
    Commanded,
    Resumed,
)
from edge.core.session.history import fold
from schemas import events as ev
from schemas.control import AnyCommand
from tests.unit.edge.core.rehearsal import Rehearsal

QUESTION = "What is the capital of France?"
NUMBERS = itertools.count()


def commanded(r: Rehearsal, command: AnyCommand, id: str = "") -> None:  # noqa: A002  # its name
    r.give(Commanded(id or f"c{next(NUMBERS)}", "sam", command))


def voiced(r: Rehearsal, ms: int = 1000) -> int:
    """TTS speaks all sentences of the latest given text; return its turn."""
    turn = r.events(ev.ControlSpoken)[-1].turn
    for sentence in [one for one in r.events(ev.ResponseSentence) if one.turn == turn]:
        r.speaks(sentence.index, ms, turn=turn)
    return turn


def answered(**changes: Any) -> Rehearsal:
    """A caller whose question is being answered for two seconds."""
    r = Rehearsal(**changes)
    r.says(800, QUESTION)
    r.quiet(600)
    r.answers("It is Paris.")
    r.speaks(0, 2000)
    return r


def resumed(before: Rehearsal) -> Rehearsal:
    """The session goes on elsewhere: its edge died now."""
    log = [*before.events(ev.Event)]
    return Rehearsal(history=fold(log), begins=Resumed())


def hung_up(r: Rehearsal) -> list[HangUp]:
    return [one for one in r.effects if isinstance(one, HangUp)]
