"""An utterance of any length has each of its words once, whatever comes when."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.moves import IllegalMoveError
from schemas.audio import BYTES_PER_MS, AudioFrame
from tests.numbered_speech import FRAME_MS, numbers, recognised, spoken
from workers.engines.protocols import Recognition
from workers.stt.utterance_audio import UtteranceAudio
from workers.stt.utterance_words import (
    LONGEST_PIECE_MS,
    SPEECH_LEAD_MS,
    AudioPart,
    PauseTranscript,
    RecognisedWords,
    UtteranceWords,
)

KEPT_MS = 60_000
"""Of audio on the bus."""


class Listener:
    """A worker without a bus: what it is asked comes back when *chance* says so."""

    def __init__(self, chance: random.Random, words: UtteranceWords | None = None) -> None:
        self.words = words or UtteranceWords()
        self.audio = UtteranceAudio()
        self.transcripts: list[PauseTranscript] = []
        self.partials: list[str] = []
        self.cost_ms = 0
        self.longest_ms = 0
        self._chance = chance
        self._asked: dict[AudioPart, bytes] = {}

    def take(self, message: AudioFrame) -> None:
        self.audio.add(message)
        now_ms = self.audio.until_ms
        if message.continued_ms:
            self.words.went_on(message.continued_ms)
        if message.end:
            self.words.ended(now_ms, 0)
        elif message.pause:
            self.words.paused(message.pause, now_ms)
        else:
            self.words.grown(now_ms, self.audio.quiet_ms)
        for part in self.words.wanted:
            self._asked.setdefault(part, self.audio.of(part))
        self.audio.forget(self.words.open_ms)
        while self._asked and self._chance.random() < 0.5:
            self.answer(self._chance.choice(list(self._asked)))

    def answer(self, part: AudioPart) -> None:
        pcm = self._asked.pop(part)
        assert len(pcm) == (part.until_ms - part.from_ms) * BYTES_PER_MS
        if part not in self.words.wanted and self._chance.random() < 0.5:
            return  # it was given up before it began
        self.cost_ms += part.until_ms - part.from_ms
        self.longest_ms = max(self.longest_ms, part.until_ms - part.from_ms)
        self.transcripts += self.words.recognised(part, recognised(pcm))

    def grow(self) -> None:
        part = AudioPart(self.words.open_ms, self.audio.until_ms)
        text = self.words.partial(part, recognised(self.audio.of(part)))
        self.partials += [] if text is None else [text]

    def finish(self) -> list[str]:
        while self.words.wanted:
            self.answer(self._chance.choice(self.words.wanted))
        return self.words.final.text.split()


SAID = st.lists(st.tuples(st.integers(1, 60), st.integers(1, 25)), min_size=1, max_size=12)


@given(SAID, st.randoms(use_true_random=False))
def test_no_word_is_lost_or_doubled_or_out_of_order(
    said: list[tuple[int, int]], chance: random.Random
) -> None:
    listener = Listener(chance)
    for message in spoken(said):
        listener.take(message)
        if chance.random() < 0.1:
            listener.grow()
    count = sum(words for words, _ in said)
    assert listener.finish() == numbers(count)
    for transcript in listener.transcripts:
        heard = transcript.words.text.split()
        assert heard == numbers(len(heard))


@given(SAID, st.randoms(use_true_random=False))
def test_what_is_settled_never_changes(said: list[tuple[int, int]], chance: random.Random) -> None:
    listener = Listener(chance)
    settled, until_ms = "", 0
    for message in spoken(said):
        listener.take(message)
        assert listener.words.settled.text.startswith(settled)
        assert listener.words.settled_ms >= until_ms
        settled, until_ms = listener.words.settled.text, listener.words.settled_ms
    for transcript in listener.transcripts:
        assert transcript.words.text.startswith(transcript.settled)


@given(SAID, st.integers(1, 3), st.randoms(use_true_random=False))
def test_a_worker_that_takes_over_goes_on_behind_what_the_log_says_is_settled(
    said: list[tuple[int, int]], deaths: int, chance: random.Random
) -> None:
    """As long as the audio after it is still there, and that is a minute."""
    messages = spoken(said)
    listener, told = Listener(chance), list[PauseTranscript]()
    dies_at = sorted(chance.randrange(len(messages)) for _ in range(deaths))
    for at, message in enumerate(messages):
        listener.take(message)
        while dies_at and dies_at[0] == at:
            del dies_at[0]
            told += listener.transcripts
            last = told[-1] if told else None
            words = UtteranceWords(
                RecognisedWords(last.settled, 0.9) if last else None, last.settled_ms if last else 0
            )
            listener = Listener(chance, words)
            for again in messages[max(0, at + 1 - KEPT_MS // FRAME_MS) : at + 1]:
                listener.take(again)
    assert listener.finish() == numbers(sum(words for words, _ in said))


@given(SAID)
def test_words_that_grow_only_grow(said: list[tuple[int, int]]) -> None:
    listener = Listener(random.Random(1))
    for message in spoken(said):
        listener.take(message)
        listener.grow()
    counts = [len(text.split()) for text in listener.partials]
    assert counts == sorted(counts)


@pytest.mark.parametrize("words", [30, 300])
def test_a_second_of_speech_costs_as_much_in_an_hour_as_in_a_minute(words: int) -> None:
    listener = Listener(random.Random(2))
    said = [(7, 4 if at % 3 else 1) for at in range(words // 7)]
    messages = spoken(said)
    for message in messages:
        listener.take(message)
    listener.finish()
    assert listener.cost_ms < 3 * len(messages) * FRAME_MS
    assert listener.longest_ms < LONGEST_PIECE_MS


def test_speech_without_a_pause_is_cut_and_its_words_are_told() -> None:
    listener = Listener(random.Random(3))
    for message in spoken([(300, 1)]):
        listener.take(message)
    assert listener.finish() == numbers(300)
    cuts = [transcript for transcript in listener.transcripts if not transcript.pause]
    cuts_ms = [transcript.cut_ms for transcript in cuts]
    assert cuts_ms == sorted(transcript.settled_ms for transcript in cuts)
    assert len(set(cuts_ms)) == len(cuts) >= 6
    assert not any(transcript.cut_ms for transcript in listener.transcripts if transcript.pause)
    assert listener.longest_ms <= LONGEST_PIECE_MS


def test_a_short_pause_over_an_early_word_cuts_nothing() -> None:
    words = UtteranceWords()
    words.paused(1, 700)
    words.went_on(760)
    assert words.open_ms == 0
    words.paused(2, 1500)
    assert words.wanted == [AudioPart(0, 1500)]


def test_words_of_a_pause_that_is_over_are_told_until_newer_ones_are() -> None:
    words = UtteranceWords()
    words.paused(1, 700)
    words.went_on(760)
    (transcript,) = words.recognised(AudioPart(0, 700), Recognition("Wait", 0.9, 700, 1.0))
    assert (transcript.pause, transcript.words.text) == (1, "Wait")
    words.paused(2, 1500)
    (transcript,) = words.recognised(AudioPart(0, 1500), Recognition("Wait a", 0.9, 1500, 1.0))
    assert transcript.pause == 2
    assert list(words.recognised(AudioPart(0, 700), Recognition("Wait", 0.9, 700, 1.0))) == []


def test_a_piece_that_is_too_long_ends_at_the_pause_in_which_its_caller_is() -> None:
    words = UtteranceWords()
    words.paused(1, LONGEST_PIECE_MS - 500)
    words.grown(LONGEST_PIECE_MS, lambda _: 0)
    assert words.open_ms == LONGEST_PIECE_MS - 500
    assert words.wanted == [AudioPart(0, LONGEST_PIECE_MS - 500)]


@pytest.mark.parametrize("settled", [True, False])
def test_the_piece_after_a_long_silence_begins_with_speech_and_is_cut_like_any_other(
    *, settled: bool
) -> None:
    words, first = UtteranceWords(), AudioPart(0, LONGEST_PIECE_MS - 500)
    words.paused(1, first.until_ms)
    words.grown(LONGEST_PIECE_MS, lambda _: 0)
    if settled:
        list(words.recognised(first, Recognition("Wait", 0.9, 700, 1.0)))
    words.went_on(20_000)
    assert words.open_ms == 20_000 - SPEECH_LEAD_MS
    words.grown(20_000 + LONGEST_PIECE_MS, lambda _: 33_000)
    assert words.wanted[-1] == AudioPart(20_000 - SPEECH_LEAD_MS, 33_000)


def test_an_utterance_ends_once_and_has_no_pause_after_its_end() -> None:
    words = UtteranceWords()
    words.ended(1200, final_pause=0)
    with pytest.raises(IllegalMoveError, match="END in OVER"):
        words.ended(1300, final_pause=0)
    with pytest.raises(IllegalMoveError, match="PAUSE in OVER"):
        words.paused(1, 1300)
    words.grown(1200 + LONGEST_PIECE_MS, lambda _: 0)
    assert words.wanted == [AudioPart(0, 1200)]


def test_the_end_that_a_pause_stands_for_is_not_recognised_again() -> None:
    words = UtteranceWords()
    words.paused(1, 700)
    list(words.recognised(AudioPart(0, 700), Recognition("Yes.", 0.5, 700, 1.0, eot_stt=0.9)))
    words.ended(1200, final_pause=1)
    assert words.wanted == []
    assert (words.final.text, words.final.confidence, words.final.eot_stt) == ("Yes.", 0.5, 0.9)
    other = UtteranceWords()
    other.paused(1, 700)
    other.ended(1200, final_pause=0)
    assert other.wanted == [AudioPart(0, 1200)]
