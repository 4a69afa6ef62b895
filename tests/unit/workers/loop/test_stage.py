"""Which events are the jobs of a stage, and the time of a job's own events."""

from __future__ import annotations

from nats.aio.client import Client

from runtime.bus.connection import Bus
from schemas.events import Head, ResponseCancelled, SpeechStarted, StageName
from workers.loop.stage import JobContext, is_job_of

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


def test_the_events_of_a_job_have_its_time_and_what_it_took_so_far() -> None:
    now_s = [100.0]
    job = JobContext(started(), 1, 1, Bus(Client()), 100.0, clock=lambda: now_s[0])
    assert (job.took_ms(), job.head()["at_ms"]) == (0.0, HEAD["at_ms"])
    now_s[0] = 100.12345
    assert job.took_ms() == 123.5
    assert job.head() == Head(tenant="t", session="s", at_ms=HEAD["at_ms"] + 123)
