"""Which utterances of a session the recogniser has."""

from __future__ import annotations

from edge.call.recognition import PendingUtterances
from edge.core.call import Call
from schemas.events import Head, JobFailed, SessionStarted, SpeechStarted, TranscriptFinal
from schemas.session_config import SessionConfig

HEAD: Head = {"tenant": "t", "session": "s", "at_ms": 1}
STARTED = SessionStarted(**HEAD, user="u", protocol="d", edge="e", config=SessionConfig())


def spoken(utterance: int) -> SpeechStarted:
    return SpeechStarted(**HEAD, utterance=utterance, language="en", deadline_ms=0)


def told(utterance: int) -> TranscriptFinal:
    return TranscriptFinal(
        **HEAD, utterance=utterance, text="", confidence=1, audio_ms=1, took_ms=1, model="m"
    )


def test_an_utterance_is_outstanding_until_its_words_are_told_or_given_up() -> None:
    recognition = PendingUtterances(Call(STARTED))
    for utterance in (1, 2, 3):
        recognition.published(spoken(utterance))
    assert recognition.outstanding == 3
    recognition.note_event(told(2))
    recognition.note_event(JobFailed(**HEAD, stage="stt", utterance=3, reason="x"))
    recognition.note_event(JobFailed(**HEAD, stage="llm", turn=1, reason="x"))
    recognition.note_event(told(2))
    assert recognition.outstanding == 1
    assert not recognition.speaking
