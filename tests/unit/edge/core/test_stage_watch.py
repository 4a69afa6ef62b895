"""A stage that fails or says nothing is noticed, told, and after a few times taken for down."""

from __future__ import annotations

import pytest

from edge.core.client_events import Trouble
from edge.core.stage_watch import FATAL_FAILURES
from schemas import events as ev
from tests.unit.edge.core.rehearsal import Rehearsal


def asked() -> Rehearsal:
    call = Rehearsal()
    call.says(800, "What is the weather like?")
    call.quiet(1500)
    return call


def fails(call: Rehearsal, stage: ev.StageName, turn: int) -> None:
    call.event(ev.JobFailed, stage=stage, turn=turn, reason="it is broken")


def test_a_stage_is_down_after_failures_in_a_row() -> None:
    call = asked()
    for number in range(1, FATAL_FAILURES + 1):
        fails(call, "llm", call.events(ev.TurnTaken)[-1].turn)
        told = call.told(Trouble)[-1]
        assert (told.stage, told.fatal) == ("llm", number == FATAL_FAILURES)
        call.says(800, "What is the weather like?")
        call.quiet(1500)


def test_a_stage_that_worked_meanwhile_is_not_down() -> None:
    call = asked()
    for _ in range(FATAL_FAILURES + 1):
        turn = call.events(ev.TurnTaken)[-1].turn
        call.answers("It is", "fine.")
        fails(call, "tts", turn)
        call.says(800, "What is the weather like?")
        call.quiet(1500)
        call.answers("Fine.")
        call.speaks(0, 200)
        call.quiet(1000)
        call.says(800, "What is the weather like?")
        call.quiet(1500)
    assert {one.fatal for one in call.told(Trouble)} == {False}


@pytest.mark.parametrize("stage", ["llm", "tts"])
def test_a_failure_of_another_turn_is_ignored(stage: ev.StageName) -> None:
    call = asked()
    fails(call, stage, call.events(ev.TurnTaken)[-1].turn - 1)
    assert call.told(Trouble) == []


def test_words_that_do_not_come_are_given_up_at_the_deadline() -> None:
    call = Rehearsal()
    call.says(800)
    call.quiet(160)
    expires_ms = call.call.stages.words_expire_ms
    assert expires_ms == call.events(ev.SpeechPaused)[-1].at_ms + 15_000
    call.quiet(15_000)
    assert [one.stage for one in call.told(Trouble)] == ["stt"]
    assert call.call.stages.words_expire_ms is None


def test_the_voice_is_to_blame_once_there_are_words() -> None:
    for sentences, stage in (((), "llm"), (("It is fine.",), "tts")):
        call = asked()
        if sentences:
            call.answers(*sentences)
        call.quiet(16_000)
        assert [one.stage for one in call.told(Trouble)] == [stage]


def test_a_greeting_without_a_voice_is_told_all_the_same() -> None:
    call = Rehearsal(response__greeting="Hello there.")
    fails(call, "tts", 0)
    assert "Hello there." in [getattr(one, "text", "") for one in call.told(object)]


def test_a_call_that_waits_for_no_stage_misses_nothing() -> None:
    assert not Rehearsal().call.stages.misses_news(10_000_000)


def test_a_response_that_does_not_come_is_looked_for_before_its_deadline() -> None:
    call = Rehearsal()
    call.says(800, "What is the weather like?")
    call.quiet(1000)
    assert not call.call.stages.misses_news(call.now_ms)
    deadline_ms = call.call.config.response.deadline_ms
    assert call.call.stages.misses_news(call.now_ms + deadline_ms - 1000)


def test_a_response_that_comes_ends_the_search() -> None:
    call = Rehearsal()
    call.says(800, "What is the weather like?")
    call.quiet(1000)
    call.answers("It is fine.")
    call.speaks(0, 1000)
    call.quiet(3000)
    assert not call.call.stages.misses_news(call.now_ms + 10_000_000)
