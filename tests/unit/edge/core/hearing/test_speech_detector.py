"""Speech begins after enough voice, pauses after enough silence, and goes on after less voice."""

from __future__ import annotations

from edge.core.hearing.framing import FRAME_MS
from edge.core.hearing.speech_detector import (
    CONTINUE_MS,
    PAUSE_MS,
    SpeechChange,
    SpeechDetector,
    SpeechState,
)

ONSET_MS = 100


def changes(detector: SpeechDetector, pattern: str) -> list[SpeechChange | None]:
    """Return what each frame of *pattern* changed: V is voiced, a point is not."""
    return [detector.take(voiced=frame == "V") for frame in pattern]


def voice(ms: int) -> str:
    return "V" * (ms // FRAME_MS)


def silence(ms: int) -> str:
    return "." * (ms // FRAME_MS)


def speaking() -> SpeechDetector:
    detector = SpeechDetector(ONSET_MS)
    assert changes(detector, voice(ONSET_MS))[-1] is SpeechChange.STARTED
    return detector


def paused() -> SpeechDetector:
    detector = speaking()
    assert changes(detector, silence(PAUSE_MS))[-1] is SpeechChange.PAUSED
    return detector


def test_speech_starts_with_the_frame_that_completes_the_onset() -> None:
    found = changes(SpeechDetector(ONSET_MS), voice(ONSET_MS))
    assert found == [None] * (len(found) - 1) + [SpeechChange.STARTED]


def test_a_short_sound_is_no_speech() -> None:
    assert not any(changes(SpeechDetector(ONSET_MS), voice(ONSET_MS - FRAME_MS) + silence(200)))


def test_an_onset_may_have_a_gap_but_not_be_scattered() -> None:
    assert SpeechChange.STARTED in changes(SpeechDetector(ONSET_MS), "VV.VV.V")
    assert not any(changes(SpeechDetector(ONSET_MS), "V.." * 20))


def test_a_pause_comes_after_its_silence_and_once() -> None:
    found = changes(speaking(), silence(PAUSE_MS) + silence(1000))
    assert found.index(SpeechChange.PAUSED) == PAUSE_MS // FRAME_MS - 1
    assert sum(change is not None for change in found) == 1


def test_a_gap_shorter_than_a_pause_changes_nothing() -> None:
    assert not any(changes(speaking(), (silence(PAUSE_MS - FRAME_MS) + "V") * 5))


def test_a_pause_ends_after_less_voice_than_an_onset() -> None:
    assert CONTINUE_MS < ONSET_MS
    detector = paused()
    assert changes(detector, voice(CONTINUE_MS))[-1] is SpeechChange.CONTINUED
    assert detector.state is SpeechState.SPEAKING


def test_voice_before_a_pause_does_not_end_it() -> None:
    detector = speaking()
    detector.pause()
    assert not any(changes(detector, voice(CONTINUE_MS - FRAME_MS)))


def test_silence_counts_from_the_last_voiced_frame() -> None:
    detector = paused()
    assert detector.silence_ms == PAUSE_MS
    changes(detector, "V" + silence(300))
    assert detector.silence_ms == 300
