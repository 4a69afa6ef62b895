"""Whose turn it is follows from the caller's utterance and the response, as the drawing says."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from edge.core.hearing.utterance import Utterance, UtterancePhase
from edge.core.messages.inputs import Reconfigured, ResponseRequested, TurnEnded
from edge.core.response.response import Response, ResponsePhase
from edge.core.turn_taking.activity import BUSY, LISTENING, QUIET, activity
from runtime.moves import IllegalMoveError
from schemas import events as ev
from tests.unit.edge.core.aura_side import AuraSide
from tests.unit.edge.core.rehearsal import Rehearsal, config

OPEN = [phase for phase in UtterancePhase if phase is not UtterancePhase.ENDED]
SPOKEN = [phase for phase in ResponsePhase if phase is not ResponsePhase.SPECULATIVE]


def utterance(phase: UtterancePhase | None) -> Utterance | None:
    return Utterance(1, phase=phase) if phase else None


def response(phase: ResponsePhase) -> Response:
    one = AuraSide().asks(speculative=True)
    one.phase = phase
    return one


@pytest.mark.parametrize("phase", OPEN)
def test_a_caller_who_speaks_without_a_response_is_listened_to(phase: UtterancePhase) -> None:
    assert activity(utterance(phase), None, pending=False) is LISTENING
    assert activity(utterance(phase), None, pending=True) is BUSY


def test_a_call_without_either_side_is_quiet_unless_work_is_pending() -> None:
    assert activity(None, None, pending=False) is QUIET
    assert activity(None, None, pending=True) is BUSY


@pytest.mark.parametrize(
    ("caller", "aura"), list(itertools.product([None, *OPEN], SPOKEN)), ids=str
)
def test_a_committed_response_is_busy_whether_or_not_the_caller_speaks(
    caller: UtterancePhase | None, aura: ResponsePhase
) -> None:
    assert activity(utterance(caller), response(aura), pending=False) is BUSY


@pytest.mark.parametrize("caller", [None, *UtterancePhase], ids=str)
def test_a_speculative_response_stands_only_beside_known_words(
    caller: UtterancePhase | None,
) -> None:
    speculative = response(ResponsePhase.SPECULATIVE)
    if caller is UtterancePhase.WORDS_KNOWN:
        assert activity(utterance(caller), speculative, pending=False) is BUSY
        return
    with pytest.raises(IllegalMoveError, match=f"beside {caller}"):
        activity(utterance(caller), speculative, pending=False)


def speculating() -> Rehearsal:
    call = Rehearsal()
    call.says(600)
    call.quiet(200)
    call.hears("What is the capital of France?")
    assert [taken.speculative for taken in call.events(ev.TurnTaken)] == [True]
    return call


@pytest.mark.parametrize("changes", [{"turns__respond": False}, {"turns__by_client": True}])
def test_turns_that_get_no_response_any_more_retract_a_speculative_one(
    changes: dict[str, Any],
) -> None:
    call = speculating()
    call.give(Reconfigured(config(**changes)))
    assert [one.reason for one in call.events(ev.ResponseCancelled)] == ["retracted"]
    call.quiet(1500)
    assert len(call.events(ev.TurnTaken)) == 1


def test_a_requested_response_does_not_wait_for_a_speculative_one_of_earlier_settings() -> None:
    call = speculating()
    call.give(Reconfigured(config(turns__respond=False)))
    call.quiet(1500)
    call.give(ResponseRequested(""))
    assert [taken.speculative for taken in call.events(ev.TurnTaken)] == [True, False]


def test_a_turn_that_the_client_ends_is_not_kept_by_a_speculative_response_of_before() -> None:
    call = speculating()
    call.give(Reconfigured(config(turns__by_client=True)))
    call.give(TurnEnded())
    call.event(
        ev.TranscriptFinal,
        utterance=1,
        text="What is the capital of France?",
        confidence=0.9,
        took_ms=1.0,
        model="m",
        audio_ms=600,
    )
    assert [taken.speculative for taken in call.events(ev.TurnTaken)] == [True, False]


def test_a_speculative_response_outlives_a_change_of_other_settings() -> None:
    call = speculating()
    call.give(Reconfigured(config(turns__eagerness="high")))
    assert not call.events(ev.ResponseCancelled)
