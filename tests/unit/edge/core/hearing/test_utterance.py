"""An utterance knows its phase, and what a recogniser is told of it beside its audio."""

from __future__ import annotations

import pytest

from edge.core.hearing.framing import FRAME_MS, SILENCE
from edge.core.hearing.utterance import (
    FRAMES_PER_MESSAGE,
    Onset,
    Utterance,
    UtteranceMove,
    UtterancePhase,
)
from runtime.moves import IllegalMoveError
from schemas.audio import BYTES_PER_MS, AudioFrame
from tests.unit.edge.core.aura_side import transcript
from tests.unit.edge.core.rehearsal import Rehearsal


def test_each_message_says_where_in_the_utterance_its_audio_begins() -> None:
    call = Rehearsal()
    for _ in range(3):
        call.says(730)
        call.quiet(250)
    until_ms = 0
    for frame in call.audio_messages(1):
        assert frame.from_ms == until_ms
        until_ms += len(frame.pcm) // BYTES_PER_MS
    assert until_ms > 2000


def test_a_message_says_when_the_caller_went_on_after_a_pause() -> None:
    call = Rehearsal()
    call.says(500)
    call.quiet(400)
    call.says(500)
    (marked,) = [frame for frame in call.audio_messages(1) if frame.continued_ms]
    (paused,) = [frame for frame in call.audio_messages(1) if frame.pause]
    pause_ms = paused.from_ms + len(paused.pcm) // BYTES_PER_MS
    assert marked.continued_ms - pause_ms == 300 + 40, "two frames of voice, and a third ends it"


def test_frames_are_joined_to_messages_of_100_ms() -> None:
    utterance = Utterance(1)
    frames = 2 * FRAMES_PER_MESSAGE
    messages = [message for _ in range(frames) if (message := utterance.add(SILENCE))]
    assert [len(message.pcm) // BYTES_PER_MS for message in messages] == [100, 100]
    assert utterance.audio_ms == frames * FRAME_MS


def test_the_last_message_holds_the_rest_of_the_audio_and_the_pause_whose_words_count() -> None:
    utterance = Utterance(1)
    utterance.add(SILENCE)
    utterance.mark_pause()
    utterance.add(SILENCE)
    assert utterance.end(1) == AudioFrame(
        seq=1, pcm=SILENCE, end=True, final_pause=1, from_ms=FRAME_MS
    )


def test_nothing_follows_the_end() -> None:
    utterance = Utterance(1)
    utterance.end(0)
    for move in UtteranceMove:
        with pytest.raises(IllegalMoveError):
            utterance.move(move)
    assert utterance.phase is UtterancePhase.ENDED


@pytest.mark.parametrize(
    ("backchannel", "phase"),
    [(False, UtterancePhase.WORDS_KNOWN), (True, UtterancePhase.BACKCHANNEL)],
)
def test_words_count_for_their_pause_and_not_for_the_next(
    *, backchannel: bool, phase: UtterancePhase
) -> None:
    utterance = Utterance(1)
    utterance.mark_pause()
    utterance.note_words(transcript("mhm"), 1_000_000, backchannel=backchannel)
    assert (utterance.phase, utterance.transcript_at_ms) == (phase, 1_000_000)
    assert utterance.transcript == transcript("mhm")
    utterance.mark_continued()
    utterance.mark_pause()
    assert utterance.transcript is None


def test_words_that_nobody_awaits_are_refused() -> None:
    with pytest.raises(IllegalMoveError):
        Utterance(1).note_words(transcript("yes"), 0, backchannel=False)


def test_the_client_ends_the_turn_at_one_pause_and_not_at_the_next() -> None:
    utterance = Utterance(1)
    assert not utterance.ended_by_client
    utterance.mark_pause()
    utterance.ended_pause = utterance.pause
    assert utterance.ended_by_client
    utterance.mark_continued()
    utterance.mark_pause()
    assert not utterance.ended_by_client


@pytest.mark.parametrize("onset", Onset)
def test_only_the_rest_of_a_long_utterance_is_a_split(onset: Onset) -> None:
    assert Utterance(1, onset=onset).is_split == (onset is Onset.SPLIT)
