"""An utterance is told to a Realtime client as its drawing says: started once, committed once."""

import itertools
from typing import Any

import pytest

from edge.core.messages.client_events import CallerStarted, CallerStopped, CallerTranscript
from edge.protocols.client_protocol import Json
from edge.protocols.realtime.items import Items
from edge.protocols.realtime.session_object import SessionObject
from edge.protocols.realtime.session_update import updated
from edge.protocols.realtime.utterances import (
    REPORT_MOVES,
    UNREPORTED,
    ReportedUtterance,
    ReportMove,
    ReportPhase,
    Utterances,
)
from edge.protocols.realtime.wire import Ids
from runtime.moves import IllegalMoveError

ILLEGAL = set(itertools.product(ReportPhase, ReportMove)) - REPORT_MOVES.keys()
MANUAL: dict[str, Any] = {"type": "realtime", "audio": {"input": {"turn_detection": None}}}


def utterances(session: SessionObject | None = None) -> Utterances:
    return Utterances(Ids("c"), Items(), session or SessionObject())


def kinds(messages: list[Json]) -> list[str]:
    return [one["type"].split(".", 1)[1] for one in messages]


@pytest.mark.parametrize(("phase", "move"), sorted(ILLEGAL, key=str))
def test_an_illegal_move_raises(phase: ReportPhase, move: ReportMove) -> None:
    with pytest.raises(IllegalMoveError, match=f"{move.name} in {phase.name}"):
        ReportedUtterance("item", 0, phase).move(move)


def test_an_utterance_is_started_stopped_and_committed_in_this_order() -> None:
    told = utterances()
    assert kinds(told.began(CallerStarted(1, 100, over_response=False))) == ["speech_started"]
    assert told.is_open
    assert kinds(told.ended(CallerStopped(1, 100, 900, False))) == ["speech_stopped"]
    assert kinds(told.transcribed(CallerTranscript("Hello.", True, utterance=1)))[0] == "committed"
    assert not told.is_open


def test_speech_over_a_response_is_told_once_it_is_an_interruption() -> None:
    told = utterances()
    assert told.began(CallerStarted(1, 100, over_response=True)) == []
    assert kinds(told.starts()) == ["speech_started"]
    assert told.starts() == []


def test_a_backchannel_is_not_told_at_all() -> None:
    told = utterances()
    told.began(CallerStarted(1, 100, over_response=True))
    assert told.ended(CallerStopped(1, 100, 300, True)) == []
    assert told.transcribed(CallerTranscript("Mhm.", True, utterance=1)) == []


def test_an_utterance_that_the_client_ends_is_committed_without_a_start() -> None:
    told = utterances(updated(SessionObject(), MANUAL))
    assert told.began(CallerStarted(1, 100, over_response=False)) == []
    assert kinds(told.handed_in(1))[0] == "committed"
    assert told.starts() == []
    assert UNREPORTED not in {one.phase for one in told._by_number.values()}
    assert "committed" not in kinds(told.transcribed(CallerTranscript("Hello.", True, utterance=1)))


def test_an_utterance_that_the_client_discards_is_forgotten() -> None:
    told = utterances(updated(SessionObject(), MANUAL))
    told.began(CallerStarted(1, 100, over_response=False))
    assert told.ended(CallerStopped(1, 100, 300, True)) == []
    told.session = SessionObject()
    assert not told.is_open
    assert told.starts() == []


def test_utterances_that_were_committed_fail_with_the_recogniser_and_no_others() -> None:
    told = utterances(updated(SessionObject(), MANUAL))
    for utterance in (1, 2):
        told.began(CallerStarted(utterance, 100, over_response=False))
    told.handed_in(1)
    assert len(told.failed(0, {"type": "server_error"})) == 1
    assert not told.is_open


def test_an_utterance_goes_on_when_the_one_before_it_fails() -> None:
    told = utterances()
    told.began(CallerStarted(1, 100, over_response=False))
    told.handed_in(1)
    told.began(CallerStarted(2, 100, over_response=False))
    assert kinds(told.failed(1, {"type": "server_error"})) == [
        "item.input_audio_transcription.failed"
    ]
    assert told.failed(1, {"type": "server_error"}) == []
    assert told.is_open
    assert kinds(told.ended(CallerStopped(2, 100, 900, False))) == ["speech_stopped"]
    assert kinds(told.transcribed(CallerTranscript("Hello.", True, utterance=2)))[0] == "committed"
