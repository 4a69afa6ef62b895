"""Which events are the jobs of a stage."""

from __future__ import annotations

from schemas.events import Head, ResponseCancelled, SpeechStarted, StageName
from workers.stage import is_job_of

HEAD = Head(tenant="t", session="s", at_ms=1)


def started(*recorded: StageName) -> SpeechStarted:
    return SpeechStarted(**HEAD, utterance=1, language="en", deadline_ms=0, recorded=recorded)


def test_a_stage_takes_its_own_events_alone() -> None:
    assert is_job_of(started(), "stt", SpeechStarted)
    cancelled = ResponseCancelled(**HEAD, turn=1, reason="interrupted")
    assert not is_job_of(cancelled, "stt", SpeechStarted)


def test_what_a_replay_answers_from_the_record_is_no_job() -> None:
    assert not is_job_of(started("stt"), "stt", SpeechStarted)
    assert is_job_of(started("tts"), "stt", SpeechStarted)
