"""The events that begin a job of a stage, and those that end it."""

from __future__ import annotations

from typing import Any

import pytest

from edge.call.late_jobs import no_job
from edge.door.limits.job_keys import JobKey, done_by, key_of
from schemas.events import (
    Event,
    JobFailed,
    ResponseCancelled,
    SessionEnded,
)
from tests.neutral import WHOSE, speech, taken, words

ENDED = SessionEnded(**WHOSE, reason="end_call", turns=0)


def failed(stage: Any) -> JobFailed:
    return JobFailed(**WHOSE, stage=stage, reason="r", attempts=1, utterance=7, turn=1)


@pytest.mark.parametrize(
    ("event", "begins", "ends"),
    [
        (speech(7), ("stt", 7), None),
        (taken(), ("llm", 0), None),
        (words(7), None, ("stt", 7)),
        (ResponseCancelled(**WHOSE, turn=1, reason="hung_up"), None, ("llm", 0)),
        (failed("stt"), None, ("stt", 7)),
        (failed("llm"), None, ("llm", 0)),
        (failed("tts"), None, None),  # sentences hold no slot
        (ENDED, None, None),
        (no_job(speech(7)), ("stt", 7), ("stt", 7)),  # it was stored too late
        (taken(recorded=("stt",)), ("llm", 0), None),
    ],
)
def test_an_utterance_and_a_turn_begin_jobs_which_their_results_and_failures_end(
    event: Event, begins: JobKey | None, ends: JobKey | None
) -> None:
    assert (key_of(event), done_by(event)) == (begins, ends)
