"""Callers go before background jobs, transcripts of pauses before partial ones."""

import pytest

from schemas.events import SpeechStarted
from workers.stt.recognition_urgency import (
    BACKGROUND_RANK,
    OVER_RESPONSE_INTERVAL_MS,
    Urgency,
    partial_interval_ms,
    urgency,
)
from workers.stt.utterance_words import AudioPart

FIRST, LATER = AudioPart(0, 900), AudioPart(5000, 6000)


def speech(*, over: bool = False, background: bool = False) -> SpeechStarted:
    return SpeechStarted(
        tenant="t",
        session="s",
        at_ms=1,
        utterance=1,
        language="en",
        deadline_ms=0,
        over_response=over,
        background=background,
    )


def test_a_pause_is_more_urgent_than_a_partial_transcript_and_not_hurried() -> None:
    assert urgency(speech(), FIRST, partial=False) == Urgency(0, hurried=False)
    assert urgency(speech(), FIRST, partial=True) == Urgency(1, hurried=True)


def test_over_a_response_a_partial_transcript_is_as_urgent_as_a_pause() -> None:
    assert urgency(speech(over=True), FIRST, partial=True).rank == 0
    assert urgency(speech(over=True), LATER, partial=True).rank == 0


def test_over_a_response_only_the_first_words_are_hurried() -> None:
    """They decide about the interruption; later words may become a turn."""
    assert urgency(speech(over=True), FIRST, partial=False).hurried
    assert not urgency(speech(over=True), LATER, partial=False).hurried


@pytest.mark.parametrize("partial", [True, False])
@pytest.mark.parametrize("over", [True, False])
def test_a_background_job_waits_for_all_work_of_calls(*, partial: bool, over: bool) -> None:
    background = urgency(speech(over=over, background=True), FIRST, partial=partial)
    assert background.rank == BACKGROUND_RANK
    assert urgency(speech(), FIRST, partial=True).rank < BACKGROUND_RANK


def test_partial_transcripts_come_sooner_over_a_response() -> None:
    assert partial_interval_ms(speech(), 1000) == 1000
    assert partial_interval_ms(speech(over=True), 1000) == OVER_RESPONSE_INTERVAL_MS


def test_an_operator_or_a_background_job_may_have_no_partial_transcripts() -> None:
    assert partial_interval_ms(speech(over=True), 0) == 0
    assert partial_interval_ms(speech(background=True, over=True), 1000) == 0
