"""Speech begins after enough voice, pauses after enough silence, and goes on after less voice."""

from __future__ import annotations

import pytest

from edge.core.hearing.framing import FRAME_MS
from edge.core.hearing.speech_detector import (
    CONTINUE_MS,
    PAUSE_MS,
    SpeechChange,
    SpeechDetector,
    SpeechState,
)
from schemas.session_config import bounds

USUAL_MS, LEAST_MS, MOST_MS = (int(one or 0) for one in bounds("turns.min_speech_ms"))
ONSET_MS = 100
ONSETS_MS = [LEAST_MS, LEAST_MS + 1, 39, 40, USUAL_MS, ONSET_MS, MOST_MS]


def changes(detector: SpeechDetector, pattern: str) -> list[SpeechChange | None]:
    """Return what each frame of *pattern* changed: V is voiced, a point is not."""
    return [detector.feed(voiced=frame == "V") for frame in pattern]


def voice(ms: int) -> str:
    return "V" * (ms // FRAME_MS)


def silence(ms: int) -> str:
    return "." * (ms // FRAME_MS)


def speaking(onset_ms: int = ONSET_MS) -> SpeechDetector:
    detector = SpeechDetector(onset_ms)
    assert SpeechChange.STARTED in changes(detector, voice(onset_ms + FRAME_MS))
    return detector


def paused(onset_ms: int = ONSET_MS) -> SpeechDetector:
    detector = speaking(onset_ms)
    assert changes(detector, silence(PAUSE_MS))[-1] is SpeechChange.PAUSED
    return detector


@pytest.mark.parametrize("onset_ms", ONSETS_MS)
def test_speech_starts_with_the_frame_that_completes_the_onset(onset_ms: int) -> None:
    found = changes(SpeechDetector(onset_ms), voice(MOST_MS))
    assert found.index(SpeechChange.STARTED) == -(-onset_ms // FRAME_MS) - 1
    assert sum(change is not None for change in found) == 1


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


@pytest.mark.parametrize("onset_ms", ONSETS_MS)
def test_a_pause_ends_after_the_same_voice_whatever_the_onset(onset_ms: int) -> None:
    detector = paused(onset_ms)
    assert changes(detector, voice(CONTINUE_MS)) == [None, None, SpeechChange.CONTINUED]
    assert detector.state is SpeechState.SPEAKING


def test_a_pause_ends_after_less_voice_than_the_usual_onset() -> None:
    assert not any(changes(SpeechDetector(USUAL_MS), voice(CONTINUE_MS)))
    assert SpeechChange.CONTINUED in changes(paused(USUAL_MS), voice(CONTINUE_MS))


def test_voice_before_a_pause_does_not_end_it() -> None:
    detector = speaking()
    detector.pause()
    assert not any(changes(detector, voice(CONTINUE_MS - FRAME_MS)))


def test_silence_counts_from_the_last_voiced_frame() -> None:
    detector = paused()
    assert detector.silence_ms == PAUSE_MS
    changes(detector, "V" + silence(300))
    assert detector.silence_ms == 300
