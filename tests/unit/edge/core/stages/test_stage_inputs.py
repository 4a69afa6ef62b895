"""Events of stages reach the part that they concern; late, repeated and unknown ones none."""

from __future__ import annotations

from typing import Any

import pytest

from edge.core.hearing.utterance import LONGEST_MS
from edge.core.messages.client_events import Trouble
from edge.core.messages.effects import ResyncSpeech
from edge.core.messages.inputs import TurnEnded
from schemas import events as ev
from tests.unit.edge.core.rehearsal import VOICE, Rehearsal
from tests.unit.edge.core.response.tool_table import Table

QUESTION = "What is the capital of France?"
FINAL: dict[str, Any] = {"confidence": 0.9, "took_ms": 1.0, "model": "m", "audio_ms": 500}


def committed() -> Rehearsal:
    call = Rehearsal()
    call.says(800, QUESTION)
    call.quiet(1500)
    return call


def completed(call: Rehearsal, turn: int) -> None:
    call.event(
        ev.ResponseCompleted,
        turn=turn,
        sentences=0,
        text="",
        model="m",
        prompt_tokens=1,
        completion_tokens=0,
        took_ms=1.0,
    )


def test_a_response_without_words_is_a_failure_of_the_language_model() -> None:
    call = committed()
    completed(call, turn=1)
    assert [told.stage for told in call.told(Trouble)] == ["llm"]


def test_events_of_another_turn_change_nothing() -> None:
    call = committed()
    before = len(call.effects)
    completed(call, turn=7)
    call.answers("It is Paris.", turn=7)
    call.speaks(0, 500, turn=7)
    call.event(ev.JobFailed, stage="llm", turn=7, reason="it stopped")
    assert call.effects[before:] == []


def test_words_of_a_turn_that_the_client_ended_are_entered_once() -> None:
    call = Rehearsal(turns__by_client=True)
    call.says(500)
    call.give(TurnEnded())
    for _ in range(2):
        call.event(ev.TranscriptFinal, utterance=1, text=QUESTION, **FINAL)
    assert [one.text for one in call.events(ev.MessageAdded)] == [QUESTION]
    assert len(call.events(ev.TurnTaken)) == 1


def test_final_words_of_an_utterance_that_nobody_waits_for_change_nothing() -> None:
    call = committed()
    before = len(call.effects)
    call.event(ev.TranscriptFinal, utterance=1, text=QUESTION, **FINAL)
    assert call.effects[before:] == []


@pytest.mark.parametrize("stage", ["stt", "llm", "tts"])
def test_a_result_of_a_stage_ends_its_failures_in_a_row(stage: ev.StageName) -> None:
    call = committed()
    fatal = []
    for works in (False, False, True, False):
        if works and stage == "stt":
            call.says(500, "")
        elif works:
            call.call.stages.works(stage)
        call.call.stages.fail(stage, "it stopped", call.now_ms)
        call.wait(0)
        fatal.append(call.told(Trouble)[-1].fatal)
    assert fatal == [False] * 4


def test_final_words_end_the_failures_of_the_recogniser_in_a_row() -> None:
    call = Rehearsal(turns__by_client=True)
    for fails in (True, True, False, True):
        call.says(500)
        call.give(TurnEnded())
        utterance = call.events(ev.SpeechStarted)[-1].utterance
        if fails:
            call.event(ev.JobFailed, stage="stt", utterance=utterance, reason="broken")
        else:
            call.event(ev.TranscriptFinal, utterance=utterance, text=QUESTION, **FINAL)
        call.wait(0)
    assert [one.fatal for one in call.told(Trouble)] == [False] * 3


def test_a_lost_utterance_takes_no_other_with_it() -> None:
    call = Rehearsal(turns__by_client=True)
    for _ in range(2):
        call.says(500)
        call.give(TurnEnded())
    call.says(500)
    call.event(ev.JobFailed, stage="stt", utterance=1, reason="broken")
    assert [one.utterance for one in call.events(ev.TroubleTold)] == [1]
    assert not any(one.discarded for one in call.events(ev.SpeechEnded))
    call.give(TurnEnded())
    for number in (2, 3):
        call.event(ev.TranscriptFinal, utterance=number, text=f"Words {number}.", **FINAL)
    assert [one.text for one in call.events(ev.MessageAdded)] == ["Words 2.", "Words 3."]


def test_the_oldest_awaited_turn_is_overdue_first() -> None:
    call = Rehearsal(turns__by_client=True, response__deadline_ms=5000)
    call.says(500)
    call.give(TurnEnded())
    call.quiet(3000)
    call.says(500)
    call.give(TurnEnded())
    call.quiet(2500)
    assert [one.utterance for one in call.events(ev.TroubleTold)] == [1]
    call.event(ev.TranscriptFinal, utterance=2, text=QUESTION, **FINAL)
    assert [one.text for one in call.events(ev.MessageAdded)] == [QUESTION]


def test_calls_of_tools_and_their_results_and_failures_reach_the_response() -> None:
    r = Table()
    r.types()
    r.calls(("book", "{}"), ("ask", "{}"))
    assert r.requested == ["book", "ask"]
    r.returns("done", 0)
    r.fails("timeout", 1)
    assert (r.asked.step, [one.role for one in r.asked.messages[-2:]]) == (1, ["tool", "tool"])


def test_a_voice_that_is_ready_and_was_not_heard_is_read_again() -> None:
    call = committed()
    call.answers("It is Paris.")
    ready = {"turn": 1, "index": 0, "chunks": 1, "audio_ms": 500, "first_chunk_ms": 1.0}
    call.event(ev.SpeechReady, **ready, took_ms=1.0, model="m")
    assert [one for one in call.effects if isinstance(one, ResyncSpeech)] == [ResyncSpeech(1)]


def test_final_words_of_a_part_that_was_ended_for_its_length_begin_the_turn() -> None:
    call = Rehearsal()
    call.burst(VOICE * (LONGEST_MS // 20 + 30))
    for _ in range(2):
        call.event(ev.TranscriptFinal, utterance=1, text="First part", **FINAL)
    call.quiet(200)
    call.hears("and the second part.")
    call.quiet(1000)
    assert [one.text for one in call.events(ev.TurnCommitted)] == [
        "First part and the second part."
    ]


def test_events_that_concern_nobody_change_nothing() -> None:
    call = committed()
    before = len(call.effects)
    call.event(ev.CallerIdle, silent_ms=1, ends=False)
    assert call.effects[before:] == []
