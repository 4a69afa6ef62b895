"""An event that comes too late is stored as no job."""

from __future__ import annotations

from typing import Any

import pytest

from edge.call.late_jobs import UTTERANCE_OVER_MS, in_time
from schemas.events import KeysPressed, ResponseSentence, SpeechStarted, ToolRequested
from schemas.stages import STAGE_NAMES, JobEvent
from schemas.tools import ToolConfig
from tests.neutral import taken

HEAD: dict[str, Any] = {"tenant": "t", "session": "s", "at_ms": 1000}
DUE_MS = 5000
SENTENCE: dict[str, Any] = {"turn": 1, "index": 0, "text": "Hi.", "first_token_ms": 1, "took_ms": 1}
JOBS: list[JobEvent] = [
    taken(deadline_ms=DUE_MS),
    ResponseSentence(**HEAD, **SENTENCE, model="m", deadline_ms=DUE_MS),
    ToolRequested(
        **HEAD,
        turn=1,
        step=1,
        call=1,
        tool=ToolConfig(name="look_up"),
        arguments="{}",
        deadline_ms=DUE_MS,
    ),
]


def needed(_: int) -> bool:
    return True


def not_needed(_: int) -> bool:
    return False


@pytest.mark.parametrize("job", JOBS)
def test_a_job_that_is_stored_after_its_deadline_is_none(job: JobEvent) -> None:
    assert in_time(job, DUE_MS, needed) is job
    late = in_time(job, DUE_MS + 1, needed)
    assert isinstance(late, JobEvent)
    assert late.recorded == STAGE_NAMES


def test_a_turn_without_a_deadline_is_never_late() -> None:
    job = taken(deadline_ms=0)
    assert in_time(job, 1 << 50, not_needed) is job


def test_a_late_utterance_is_a_job_as_long_as_its_words_are_needed() -> None:
    job = SpeechStarted(**HEAD, utterance=1, language="en", deadline_ms=0)
    late_ms = job.at_ms + UTTERANCE_OVER_MS + 1
    assert in_time(job, late_ms - 1, not_needed) is job
    assert in_time(job, late_ms, needed) is job
    late = in_time(job, late_ms, not_needed)
    assert isinstance(late, SpeechStarted)
    assert late.recorded == STAGE_NAMES


def test_other_events_are_never_late() -> None:
    pressed = KeysPressed(**HEAD, keys="1")
    assert in_time(pressed, 1 << 50, not_needed) is pressed
