"""Every state machine moves as its drawing says, and in no other way."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from enum import Enum
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest

from edge.call.shell_phase import SHELL_MOVES, ShellPhase
from edge.core.hearing.utterance import UTTERANCE_MOVES, UtterancePhase
from edge.core.session.call_phase import CALL_MOVES, CallPhase
from runtime.moves import IllegalMoveError, moved
from tests.own_tests import modules
from tests.sources import ROOT
from workers.stt.utterance_follower import FOLLOW_MOVES, FollowPhase

Moves = Mapping[tuple[Any, Any], Any]
TABLE = re.compile(r"^(\w+_MOVES)\b[^=\n]*=", re.MULTILINE)
"""The table of a machine; its name ends so."""
USED = re.compile(r"\bmoved\((\w+),")


def sources() -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each module of Aura."""
    for path in modules():
        name = path.removesuffix(".py").replace("/", ".")
        yield name, (ROOT / path).read_text(encoding="utf-8")


def machines() -> Iterator[tuple[ModuleType, Moves]]:
    """Yield each table of moves, with its module."""
    for name, text in sources():
        for table in TABLE.findall(text):
            module = import_module(name)
            yield module, getattr(module, table)


def kinds_of(moves: Moves) -> tuple[type[Enum], type[Enum]]:
    """Return the type of the states and that of the moves."""
    state, move = next(iter(moves))
    return type(state), type(move)


DRAWN = list(machines())
MACHINES = [(moves, *kinds_of(moves)) for _, moves in DRAWN]


def drawing(moves: Moves) -> str:
    """Return the drawing of a machine for its module's docstring: a line for each arrow."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for (state, move), after in moves.items():
        name = move.name.lower().replace("_", " ")
        arrows.setdefault((name, after.name), []).append(state.name)
    return "\n".join(
        f"    {', '.join(states)} --{name}--> {after}" for (name, after), states in arrows.items()
    )


def test_every_machine_is_found_by_the_name_of_its_table() -> None:
    used = {table for _, text in sources() for table in USED.findall(text)}
    assert used <= {table for _, text in sources() for table in TABLE.findall(text)}
    assert len(DRAWN) == len({id(moves) for _, moves in DRAWN}) >= 14


@pytest.mark.parametrize(("moves", "states", "kinds"), MACHINES)
def test_an_illegal_move_raises(moves: Moves, states: type[Enum], kinds: type[Enum]) -> None:
    for state, move in set(itertools.product(states, kinds)) - moves.keys():
        with pytest.raises(IllegalMoveError, match=f"{move.name} in {state.name}"):
            moved(moves, state, move)


@pytest.mark.parametrize(("module", "moves"), DRAWN, ids=lambda item: getattr(item, "__name__", ""))
def test_the_drawing_in_the_docstring_is_that_of_the_table(
    module: ModuleType, moves: Moves
) -> None:
    assert f"\n\n{drawing(moves)}\n\n" in (module.__doc__ or "")


@pytest.mark.parametrize(("moves", "states", "kinds"), MACHINES)
def test_every_state_is_reached(moves: Moves, states: type[Enum], kinds: type[Enum]) -> None:
    assert {next(iter(states)), *moves.values()} == set(states)
    assert {move for _, move in moves} == set(kinds)


@pytest.mark.parametrize(
    ("moves", "last"),
    [
        (CALL_MOVES, CallPhase.OVER),
        (SHELL_MOVES, ShellPhase.FINISHED),
        (UTTERANCE_MOVES, UtterancePhase.ENDED),
        (FOLLOW_MOVES, FollowPhase.OVER),
    ],
)
def test_the_last_state_is_final_and_reached_from_all_others(moves: Moves, last: Enum) -> None:
    assert not [state for state, _ in moves if state is last]
    assert {state for (state, _), after in moves.items() if after is last} == set(type(last)) - {
        last
    }
