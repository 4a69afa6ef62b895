"""Which decoding of a piece is believed, and how pieces become one text."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from workers.engines.stt.decoded_text import NOTHING, DecodedText, better, joined, remaining_ways
from workers.engines.stt.whisper_postprocess import BEAMS, FULL_S, Way

SURE = DecodedText("Yes.", -0.01, 0.0, 2, reliable=True, eot_stt=0.9)
UNSURE = replace(SURE, logprob=-2.0)
LEFT = [Way(5.0), Way(10.0), Way(FULL_S)]


def test_a_text_that_is_complete_and_likely_needs_no_other_way() -> None:
    assert remaining_ways(LEFT, SURE, hurried=False) == []


def test_a_text_that_is_incomplete_is_decoded_with_wider_windows() -> None:
    assert remaining_ways(LEFT, replace(SURE, reliable=False), hurried=False) == LEFT[1:]
    assert remaining_ways(LEFT[-1:], NOTHING, hurried=False) == []


def test_a_text_of_which_the_model_is_not_sure_is_decoded_once_more_with_beams() -> None:
    (again,) = remaining_ways(LEFT, UNSURE, hurried=False)
    assert again.beams == BEAMS
    assert again.window_s >= LEFT[0].window_s
    assert remaining_ways([again], UNSURE, hurried=False) == []


def test_no_time_is_spent_on_silence_or_where_speed_matters() -> None:
    assert remaining_ways(LEFT, UNSURE, hurried=True) == []
    assert remaining_ways(LEFT, replace(UNSURE, text=""), hurried=False) == []


def test_a_complete_text_is_better_than_a_likelier_one_that_is_not() -> None:
    loop = replace(SURE, text="yes yes yes", logprob=-0.001, reliable=False)
    assert better(loop, UNSURE) == UNSURE
    assert better(UNSURE, loop) == UNSURE
    assert better(UNSURE, SURE) == SURE


def test_a_text_by_beams_keeps_the_probability_of_an_end_of_the_first_decoding() -> None:
    beams = DecodedText("Yes, please.", -0.5, 0.0, 4, reliable=True)
    best = better(UNSURE, beams)
    assert (best.text, best.eot_stt) == ("Yes, please.", 0.9)


@pytest.mark.parametrize(("logprob", "confidence"), [(-0.5, math.exp(-0.5)), (0.2, 1.0)])
def test_a_confidence_is_a_probability(logprob: float, confidence: float) -> None:
    assert replace(SURE, logprob=logprob).confidence == confidence


def test_pieces_are_one_text_whose_confidence_counts_each_token_alike() -> None:
    first = DecodedText("one two three", -0.1, 0.0, 9, reliable=True, eot_stt=0.2)
    last = DecodedText("four", -1.0, 0.0, 1, reliable=True, eot_stt=0.8)
    text, confidence, eot_stt = joined([first, NOTHING, last])
    assert (text, eot_stt) == ("one two three four", 0.8)
    assert confidence == pytest.approx(math.exp(-0.19))


def test_silence_after_the_last_words_changes_nothing() -> None:
    assert joined([SURE, NOTHING]) == joined([SURE])
    assert joined([NOTHING]) == joined([]) == ("", 0.0, None)
