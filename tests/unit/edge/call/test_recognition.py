"""Which utterances of a session the recogniser has."""

from __future__ import annotations

from edge.call.late_jobs import no_job
from edge.call.recognition import LONGEST_OUTSTANDING_MS, SessionRecognition
from edge.core.call import Call
from schemas.events import (
    Head,
    JobFailed,
    SessionStarted,
    SpeechEnded,
    SpeechStarted,
    TranscriptFinal,
)
from schemas.session_config import SessionConfig

HEAD: Head = {"tenant": "t", "session": "s", "at_ms": 1}
STARTED = SessionStarted(**HEAD, user="u", protocol="d", edge="e", config=SessionConfig())


class Clock:
    """A clock that a test sets."""

    now_ms = 1


def pending(clock: Clock, *utterances: int) -> SessionRecognition:
    """Return those of a session in which *utterances* have begun."""
    recognition = SessionRecognition(Call(STARTED), lambda: clock.now_ms)
    for utterance in utterances:
        recognition.published(spoken(utterance))
    return recognition


def spoken(utterance: int) -> SpeechStarted:
    return SpeechStarted(**HEAD, utterance=utterance, language="en", deadline_ms=0)


def told(utterance: int) -> TranscriptFinal:
    return TranscriptFinal(
        **HEAD, utterance=utterance, text="", confidence=1, audio_ms=1, took_ms=1, model="m"
    )


def test_an_utterance_is_outstanding_until_its_words_are_told_or_given_up() -> None:
    recognition = pending(Clock(), 1, 2, 3)
    assert recognition.outstanding == 3
    recognition.note_stored(spoken(2))
    recognition.note_stored(told(2))
    recognition.note_stored(JobFailed(**HEAD, stage="stt", utterance=3, reason="x"))
    recognition.note_stored(JobFailed(**HEAD, stage="llm", turn=1, reason="x"))
    recognition.note_stored(told(2))
    assert recognition.outstanding == 1
    assert not recognition.speaking


def test_an_utterance_that_is_refused_is_outstanding_no_more() -> None:
    recognition = pending(Clock(), 1, 2)
    recognition.note_stored(no_job(spoken(1)))
    assert recognition.outstanding == 1


def test_an_utterance_whose_words_never_come_is_outstanding_for_a_while_after_its_end() -> None:
    clock = Clock()
    recognition, ends_ms = pending(clock, 1, 2), LONGEST_OUTSTANDING_MS
    head: Head = {"tenant": "t", "session": "s", "at_ms": ends_ms}
    recognition.published(SpeechEnded(**head, utterance=2, pause=0, speech_end_ms=0, wait_ms=0))
    recognition.published(SpeechEnded(**head, utterance=3, pause=0, speech_end_ms=0, wait_ms=0))
    clock.now_ms = ends_ms
    assert recognition.outstanding == 2
    clock.now_ms = ends_ms + LONGEST_OUTSTANDING_MS - 1
    assert recognition.outstanding == 1
    clock.now_ms = ends_ms + LONGEST_OUTSTANDING_MS
    assert recognition.outstanding == 0
