"""What another attempt may mend is tried again, what none can mend is told at once."""

from __future__ import annotations

import subprocess
import sys

import pytest

from runtime.bus.errors import BusAwayError, FencedError
from schemas.events import Head, SpeechStarted
from workers.engines.errors import (
    EngineMissingError,
    EngineRefusedError,
    EngineUnavailableError,
    ServerUnavailableError,
)
from workers.loop.job_target import EngineHungError, JobTarget, StaleJobError
from workers.loop.retry_policy import LAST_ATTEMPT, RetryDecision, apart_s, decide, failure


def test_a_failure_that_may_pass_is_tried_again_later_and_later() -> None:
    error = EngineUnavailableError("busy")
    assert [decide(error, attempt).outcome for attempt in (1, 2)] == ["retried", "retried"]
    assert decide(error, 1).delay_s < decide(error, 2).delay_s


def test_the_last_attempt_is_the_last() -> None:
    given_up = decide(EngineUnavailableError("busy"), LAST_ATTEMPT)
    assert (given_up.outcome, given_up.delay_s) == ("failed", 0.0)


@pytest.mark.parametrize(
    "error",
    [
        EngineRefusedError("no such model"),
        EngineMissingError("piper", "tts"),
        StaleJobError("its audio is gone"),
    ],
)
def test_what_no_attempt_can_mend_is_given_up_at_once_and_says_why(error: Exception) -> None:
    given_up = decide(error, 1)
    assert (given_up.outcome, given_up.reason) == ("failed", str(error))


def test_what_is_wrong_with_a_server_is_told_to_the_operator_too() -> None:
    error = ServerUnavailableError("the language model answered 502; try again later")
    assert [decide(error, n).reason for n in (1, LAST_ATTEMPT)] == [str(error)] * 2


def test_the_words_of_other_failures_are_kept_to_ourselves() -> None:
    """They may hold what somebody said."""
    for error in (ValueError("what was said"), EngineUnavailableError("what was said")):
        assert decide(error, LAST_ATTEMPT).reason == type(error).__name__


@pytest.mark.parametrize(
    "error",
    [
        EngineUnavailableError("the language model answered 502; try again later"),
        EngineRefusedError("no such model"),
        StaleJobError("its audio is gone"),
    ],
)
def test_the_caller_is_told_the_sentence_of_the_engine(error: Exception) -> None:
    assert decide(error, LAST_ATTEMPT).caller_message == str(error)


@pytest.mark.parametrize(
    "error",
    [TypeError("what was said"), EngineHungError(), BusAwayError("away"), EngineUnavailableError()],
)
def test_the_caller_is_told_a_sentence_and_never_the_name_of_a_class(error: Exception) -> None:
    message = decide(error, LAST_ATTEMPT).caller_message
    assert " " in message
    assert "Error" not in message
    assert "what was said" not in message


def test_a_job_that_somebody_else_goes_on_with_is_overtaken_whatever_the_attempt() -> None:
    for attempt in range(1, LAST_ATTEMPT + 2):
        assert decide(FencedError("newer"), attempt) == RetryDecision("overtaken")


def test_a_hung_engine_costs_the_process_and_the_job_is_tried_elsewhere() -> None:
    hung = decide(EngineHungError(), 1)
    assert hung.is_hung
    assert hung.outcome == "retried"
    assert not decide(EngineUnavailableError("busy"), 1).is_hung


def test_a_fault_of_ours_is_told_from_a_failure_that_stages_know() -> None:
    assert not decide(KeyError("x"), 1).is_expected
    for error in (BusAwayError("away"), EngineRefusedError("no"), StaleJobError("late")):
        assert decide(error, 1).is_expected


def test_of_several_failures_at_once_the_first_one_decides() -> None:
    inner = ExceptionGroup("tasks", [FencedError("newer"), KeyError("x")])
    assert decide(ExceptionGroup("tasks", [inner]), 1).outcome == "overtaken"


def test_only_jobs_that_killed_workers_twice_start_apart() -> None:
    assert [apart_s(attempt) > 0 for attempt in (1, 2, 3, 4)] == [False, False, True, True]


def test_the_event_of_a_failure_names_the_job_and_what_the_caller_may_know() -> None:
    head = Head(tenant="t", session="s", at_ms=5)
    job = SpeechStarted(**head, utterance=7, language="en", deadline_ms=0)
    given_up = RetryDecision("failed", reason="KeyError", caller_message="no voice")
    event = failure(job, JobTarget(utterance=7), given_up, stage="stt", attempt=3)
    assert (event.tenant, event.session, event.at_ms) == ("t", "s", 5)
    assert (event.stage, event.utterance, event.turn, event.attempts) == ("stt", 7, 0, 3)
    assert event.reason == "no voice"


def test_the_policy_brings_no_loop_no_bus_and_no_log_with_it() -> None:
    """An import of `workers.loop.stage` brought nats-py."""
    names = ("asyncio", "socket", "aiohttp", "nats", "structlog")
    code = f"import sys, workers.loop.retry_policy; print([n for n in {names} if n in sys.modules])"
    found = subprocess.run(  # our own words
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"
