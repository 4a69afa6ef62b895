"""A stage that fails or says nothing is noticed, told, and after a few times taken for down."""

from __future__ import annotations

import pytest

from edge.core.messages.client_events import Speech, Trouble
from edge.core.messages.inputs import TurnEnded
from edge.core.stages.stage_watch import FATAL_FAILURES, SILENT_STAGE_MS
from schemas import events as ev
from tests.unit.edge.core.client_calls import BY_CLIENT
from tests.unit.edge.core.rehearsal import Rehearsal
from tests.unit.edge.core.response.tool_table import Table


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


@pytest.mark.parametrize("stage", ["llm", "tts"])
def test_a_job_that_fails_after_it_brought_all_costs_nothing(stage: ev.StageName) -> None:
    call = asked()
    call.answers("It is fine.")
    call.speaks(0, 1000)
    call.quiet(200)
    fails(call, stage, call.events(ev.TurnTaken)[-1].turn)
    call.quiet(2000)
    assert call.told(Trouble) == []
    assert call.events(ev.AnswerHeard)[-1].complete


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
    assert call.told(Speech) == [Speech(0, "Hello there.", b"", ends=True)]


def test_a_call_that_waits_for_no_stage_misses_nothing() -> None:
    assert not Rehearsal().call.stages.needs_resync(10_000_000)


def test_a_response_that_does_not_come_is_looked_for_before_its_deadline() -> None:
    call = Rehearsal()
    call.says(800, "What is the weather like?")
    call.quiet(1000)
    assert not call.call.stages.needs_resync(call.now_ms)
    timeout_ms = call.call.config.response.timeout_ms
    assert call.call.stages.needs_resync(call.now_ms + timeout_ms - 1000)


def test_a_response_that_comes_ends_the_search() -> None:
    call = Rehearsal()
    call.says(800, "What is the weather like?")
    call.quiet(1000)
    call.answers("It is fine.")
    call.speaks(0, 1000)
    call.quiet(3000)
    assert not call.call.stages.needs_resync(call.now_ms + 10_000_000)


def test_the_log_is_read_once_a_stage_has_been_silent_for_some_seconds() -> None:
    call = Rehearsal()
    call.says(800)
    call.quiet(160)
    since_ms = call.events(ev.SpeechPaused)[-1].at_ms
    watch = call.call.stages
    assert not watch.needs_resync(since_ms + SILENT_STAGE_MS - 1)
    assert watch.needs_resync(since_ms + SILENT_STAGE_MS)
    with_tool = Table()
    with_tool.types()
    assert not with_tool.call.stages.needs_resync(with_tool.now_ms)
    with_tool.calls(("book", "{}"))
    watch, since_ms = with_tool.call.stages, with_tool.now_ms
    assert not watch.needs_resync(since_ms + SILENT_STAGE_MS - 1)
    assert watch.needs_resync(since_ms + SILENT_STAGE_MS)


@pytest.mark.parametrize(("utterance", "told"), [(1, ["stt"]), (7, [])])
@pytest.mark.parametrize("by_client", [False, True])
def test_a_recogniser_that_gives_up_is_told_if_its_words_were_wanted(
    utterance: int, told: list[str], *, by_client: bool
) -> None:
    call = Rehearsal(**(BY_CLIENT if by_client else {}))
    call.says(800)
    if by_client:
        call.give(TurnEnded())
    call.event(ev.JobFailed, stage="stt", utterance=utterance, reason="it is broken")
    assert [one.stage for one in call.told(Trouble)] == told
    assert [one.stage for one in call.events(ev.TroubleTold)] == told
    assert call.call.wants_words is not bool(told)
    assert call.call.stages.words_expire_ms is None or by_client


def test_a_failure_names_the_turn_whose_words_do_not_come() -> None:
    call = Rehearsal(**BY_CLIENT)
    for _ in range(2):
        call.says(800)
        call.give(TurnEnded())
    call.event(ev.JobFailed, stage="stt", utterance=2, reason="it is broken")
    assert [one.utterance for one in call.told(Trouble)] == [2]
    assert [one.utterance for one in call.events(ev.TroubleTold)] == [2]


def test_a_failed_response_that_nobody_waits_for_yet_is_asked_for_again_and_not_told() -> None:
    call = Rehearsal()
    call.says(800, "What is the weather like?")
    fails(call, "llm", 1)
    assert call.told(Trouble) == []
    assert call.events(ev.ResponseCancelled)[-1].reason == "failed"
    call.quiet(1500)
    assert [one.speculative for one in call.events(ev.TurnTaken)] == [True, False]
    fails(call, "llm", 2)
    assert [one.reason for one in call.told(Trouble)] == ["it is broken"]


def test_a_model_that_fails_after_a_tool_was_run_costs_an_apology_and_a_tool_that_fails_none() -> (
    None
):
    r = Table()
    r.types()
    r.calls(("book", "{}"))
    r.event(ev.JobFailed, stage="tool", turn=1, reason="its own deadline counts")
    assert r.told(Trouble) == []
    r.returns("done")
    fails(r, "llm", 1)
    assert [one.text for one in r.events(ev.ResponseSentence)] == [
        "I am sorry, I could not do that."
    ]
    assert [(one.stage, one.fatal) for one in r.told(Trouble)] == [("llm", False)]


def test_words_that_the_client_handed_in_are_given_up_at_the_deadline_too() -> None:
    call = Rehearsal(**BY_CLIENT)
    call.says(800)
    call.give(TurnEnded())
    assert call.call.stages.words_expire_ms == call.now_ms + 15_000
    call.wait(15_000)
    assert [one.reason for one in call.told(Trouble)] == ["no words came within 15 s"]
    assert call.call.stages.words_expire_ms is None


def test_a_recogniser_that_gives_up_takes_back_the_response_to_its_first_words() -> None:
    call = Rehearsal()
    call.says(800, "What is the weather like?")
    call.quiet(200)
    assert [one.speculative for one in call.events(ev.TurnTaken)] == [True]
    call.event(ev.JobFailed, stage="stt", utterance=1, reason="it is broken")
    assert [one.reason for one in call.events(ev.ResponseCancelled)] == ["failed"]
    call.quiet(2000)
    assert not call.events(ev.TurnCommitted)
