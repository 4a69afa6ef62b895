"""Stages that fail or never answer, as a caller would notice it."""

from __future__ import annotations

import pytest

from edge.core.messages.client_events import (
    ResponseDone,
    Trouble,
)
from schemas import events as ev
from tests.unit.edge.core.questions import QUESTION, asked
from tests.unit.edge.core.rehearsal import Rehearsal


@pytest.mark.parametrize("stage", ["llm", "tts"])
def test_a_failed_stage_is_told_and_the_call_goes_on(stage: str) -> None:
    r = asked()
    r.quiet(600)
    turn = r.events(ev.TurnTaken)[-1].turn
    r.event(ev.JobFailed, stage=stage, turn=turn, reason="broken")
    assert [(t.stage, t.fatal) for t in r.told(Trouble)] == [(stage, False)]
    r.says(600, "Are you still there?")
    r.quiet(600)
    r.answers("Yes, I am.")
    r.speaks(0, 300)
    r.quiet(600)
    assert r.told(ResponseDone)


def test_a_stage_that_never_answers_is_told_of() -> None:
    r = asked()
    r.quiet(600)
    r.quiet(16_000)
    assert [t.stage for t in r.told(Trouble)] == ["llm"]


def test_a_recogniser_that_never_answers_is_told_of() -> None:
    r = Rehearsal()
    r.says(600)
    r.quiet(16_000)
    assert [t.stage for t in r.told(Trouble)] == ["stt"]


def test_a_stage_that_stays_down_ends_the_call() -> None:
    r = Rehearsal()
    for _ in range(3):
        r.says(600, QUESTION)
        r.quiet(600)
        turn = r.events(ev.TurnTaken)[-1].turn
        r.event(ev.JobFailed, stage="llm", turn=turn, reason="down")
    assert [t.fatal for t in r.told(Trouble)] == [False, False, True]


def test_an_answer_to_words_that_are_given_up_is_given_up_too() -> None:
    r = asked()
    heard = r.events(ev.SpeechStarted)[-1].utterance
    r.event(ev.JobFailed, stage="stt", utterance=heard, reason="broken")
    assert [t.stage for t in r.told(Trouble)] == ["stt"]
    assert r.events(ev.ResponseCancelled)[-1].reason == "failed"
    assert not r.call.responding
