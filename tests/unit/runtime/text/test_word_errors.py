"""Word error rates that can be counted by hand."""

from __future__ import annotations

import pytest

from runtime.text.word_errors import word_error_rate, words


@pytest.mark.parametrize(
    ("reference", "heard", "rate"),
    [
        ("What is the capital?", "what is the capital", 0),
        ("one two three four", "one too three", 0.5),
        ("one two", "one two three", 0.5),
        ("one", "", 1),
        ("", "", 0),
        ("", "noise", 1),
        ("a b c d", "b c d e", 0.5),
    ],
)
def test_each_wrong_missing_and_added_word_counts(reference: str, heard: str, rate: float) -> None:
    assert word_error_rate(reference, heard) == rate


def test_an_apostrophe_is_part_of_a_word() -> None:
    assert words("It's \u201chalf-past\u201d nine, isn\u2019t it?") == [
        "it's", "half", "past", "nine", "isn't", "it",
    ]  # fmt: skip
