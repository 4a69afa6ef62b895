"""What a job of the STT stage does at each message of its utterance."""

from __future__ import annotations

import pytest

from runtime.moves import IllegalMoveError
from schemas.audio import BYTES_PER_MS, AudioFrame
from workers.engines.protocols import Recognition
from workers.stt.utterance_follower import (
    TURN_MS,
    Action,
    CancelPart,
    CancelPartial,
    FollowPhase,
    JudgePause,
    Recognise,
    RequestPhase,
    Requests,
    UtteranceFollower,
)
from workers.stt.utterance_words import (
    FULL_PIECE_MS,
    LONG_SILENCE_MS,
    LONGEST_PIECE_MS,
    AudioPart,
    UtteranceWords,
)

WAITS, BEGUN = RequestPhase
NOTHING = Requests({})


class Spoken:
    """An utterance and its follower."""

    def __init__(self, interval_ms: int = 0) -> None:
        self.words = UtteranceWords()
        self.follower = UtteranceFollower(self.words, interval_ms)
        self._seq = 0

    def message(
        self, requests: Requests = NOTHING, *, ms: int = 100, pause: int = 0, continued_ms: int = 0
    ) -> list[Action]:
        """Say *ms* more, and return the actions."""
        message = AudioFrame(
            seq=self._seq,
            pcm=bytes(ms * BYTES_PER_MS),
            pause=pause,
            from_ms=self.follower.until_ms,
            continued_ms=continued_ms,
        )
        self._seq += 1
        return list(self.follower.hear(message, requests))

    def end(
        self, requests: Requests = NOTHING, *, final_pause: int = 0, continued_ms: int = 0
    ) -> list[Action]:
        message = AudioFrame(
            seq=self._seq,
            pcm=b"",
            end=True,
            from_ms=self.follower.until_ms,
            final_pause=final_pause,
            continued_ms=continued_ms,
        )
        return list(self.follower.hear(message, requests))

    def hear(self, part: AudioPart) -> None:
        """Let the words of *part* be known."""
        list(self.words.recognised(part, Recognition("word", 1.0, 1, 1.0)))


def part(until_ms: int, from_ms: int = 0, *, partial: bool = False) -> Recognise:
    """Return the request for a part of silent audio."""
    return Recognise(
        AudioPart(from_ms, until_ms), bytes((until_ms - from_ms) * BYTES_PER_MS), partial
    )


def test_a_pause_is_judged_and_its_part_recognised_in_this_order() -> None:
    spoken = Spoken()
    assert spoken.message() == []
    assert spoken.message(pause=1) == [JudgePause(1, bytes(200 * BYTES_PER_MS)), part(200)]


def test_the_turn_model_gets_the_last_seconds() -> None:
    spoken = Spoken()
    spoken.message(ms=TURN_MS)
    judge, _ = spoken.message(ms=500, pause=1)
    assert judge == JudgePause(1, bytes(TURN_MS * BYTES_PER_MS))


def test_a_part_that_is_already_requested_is_not_requested_again() -> None:
    spoken = Spoken()
    spoken.message(pause=1)
    assert spoken.message(Requests({AudioPart(0, 100): WAITS})) == []


@pytest.mark.parametrize(
    ("phase", "cancelled"), [(WAITS, [CancelPart(AudioPart(0, 100))]), (BEGUN, [])]
)
def test_a_newer_pause_cancels_the_request_for_the_older_unless_it_has_begun(
    phase: RequestPhase, cancelled: list[Action]
) -> None:
    spoken = Spoken()
    spoken.message(pause=1)
    _, *actions = spoken.message(Requests({AudioPart(0, 100): phase}), pause=2)
    assert actions == [*cancelled, part(200)]


@pytest.mark.parametrize("phase", RequestPhase)
def test_the_end_cancels_all_requests_that_are_not_needed(phase: RequestPhase) -> None:
    spoken = Spoken()
    spoken.message(pause=1)
    spoken.message(ms=200)
    requests = Requests({AudioPart(0, 100): phase}, partial=phase)
    actions = spoken.end(requests)
    assert actions == [CancelPart(AudioPart(0, 100)), part(300), CancelPartial()]


@pytest.mark.parametrize("phase", RequestPhase)
def test_the_end_that_a_pause_stands_for_needs_no_other_part(phase: RequestPhase) -> None:
    spoken = Spoken()
    spoken.message(pause=1)
    spoken.message()
    assert spoken.end(Requests({AudioPart(0, 100): phase}), final_pause=1) == []


def test_the_end_that_a_known_pause_stands_for_requests_nothing() -> None:
    spoken = Spoken()
    spoken.message(pause=1)
    spoken.hear(AudioPart(0, 100))
    assert spoken.end(final_pause=1) == []


def test_a_split_requests_nothing_of_the_word_with_which_the_caller_goes_on() -> None:
    spoken = Spoken()
    spoken.message(ms=FULL_PIECE_MS, pause=1)
    spoken.hear(AudioPart(0, FULL_PIECE_MS))
    spoken.message(ms=300)
    assert spoken.end(final_pause=1, continued_ms=FULL_PIECE_MS + 300) == []


def test_a_silence_settles_the_part_before_it() -> None:
    spoken = Spoken()
    spoken.message(ms=500, pause=1)
    requests = Requests({AudioPart(0, 500): WAITS})
    spoken.message(requests, ms=LONG_SILENCE_MS)
    assert spoken.message(requests, continued_ms=500 + LONG_SILENCE_MS) == []
    _, newer = spoken.message(requests, pause=2)
    assert newer == part(1300, 800), "from 300 ms before the words"


def test_speech_without_a_pause_is_cut() -> None:
    spoken = Spoken()
    (cut,) = spoken.message(ms=LONGEST_PIECE_MS)
    assert isinstance(cut, Recognise)
    assert cut.part.from_ms == 0
    assert LONGEST_PIECE_MS - 7000 <= cut.part.until_ms <= LONGEST_PIECE_MS
    assert not cut.partial


def test_a_partial_transcript_is_due_after_each_interval() -> None:
    spoken = Spoken(interval_ms=300)
    due = [spoken.message() for _ in range(7)]
    partial = [[], [], [part(300, partial=True)], [], [], [part(600, partial=True)], []]
    assert due == partial


def test_without_an_interval_no_partial_transcript_is_due() -> None:
    spoken = Spoken()
    assert not any(spoken.message(ms=1000) for _ in range(5))


@pytest.mark.parametrize("phase", RequestPhase)
def test_one_partial_transcript_is_requested_at_once(phase: RequestPhase) -> None:
    spoken = Spoken(interval_ms=300)
    spoken.message(ms=300)
    assert spoken.message(Requests({}, partial=phase), ms=300) == []
    assert spoken.message() == [part(700, partial=True)]


def test_no_partial_transcript_is_requested_at_a_pause_or_before_its_words_are_known() -> None:
    spoken = Spoken(interval_ms=300)
    assert part(300, partial=True) not in spoken.message(ms=300, pause=1)
    assert spoken.message(Requests({AudioPart(0, 300): BEGUN}), ms=300) == []
    spoken.hear(AudioPart(0, 300))
    assert spoken.message() == [part(700, partial=True)]


@pytest.mark.parametrize(("phase", "cancelled"), [(WAITS, [CancelPartial()]), (BEGUN, [])])
def test_a_pause_cancels_a_partial_transcript_unless_it_has_begun(
    phase: RequestPhase, cancelled: list[Action]
) -> None:
    spoken = Spoken(interval_ms=300)
    spoken.message(ms=300)
    _, *actions = spoken.message(Requests({}, partial=phase), pause=1)
    assert actions == [part(400), *cancelled]


def test_an_utterance_without_frames_ends_with_no_words() -> None:
    follower = UtteranceFollower(UtteranceWords(), 0)
    assert follower.until_ms == 0
    (ended,) = follower.no_more_audio(NOTHING)
    assert ended == part(0)
    assert follower.phase is FollowPhase.OVER


def test_frames_that_stop_end_the_utterance_once() -> None:
    spoken = Spoken()
    spoken.message()
    assert list(spoken.follower.no_more_audio(NOTHING)) == [part(100)]
    assert list(spoken.follower.no_more_audio(NOTHING)) == []
    with pytest.raises(IllegalMoveError):
        spoken.message()


def test_audio_that_neither_the_words_nor_the_turn_model_need_is_dropped() -> None:
    spoken = Spoken()
    spoken.message(ms=9000, pause=1)
    spoken.message(ms=LONG_SILENCE_MS)
    spoken.message(ms=5000, continued_ms=9000 + LONG_SILENCE_MS)
    (judge, *_) = spoken.message(pause=2)
    assert isinstance(judge, JudgePause)
    assert len(judge.pcm) == TURN_MS * BYTES_PER_MS
    assert spoken.follower.until_ms == 9000 + LONG_SILENCE_MS + 5100
