"""Cutting an answer into pieces that can be spoken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.sentences import LONGEST_CHARS, SentenceCutter


def cut(text: str, step: int = 3) -> list[str]:
    cutter = SentenceCutter()
    pieces = []
    for at in range(0, len(text), step):
        pieces += cutter.feed(text[at : at + step])
    return pieces + cutter.flush()


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("It is Paris. Do you know it?", ["It is Paris.", "Do you know it?"]),
        ("Dr. Smith is in. Wait!", ["Dr. Smith is in.", "Wait!"]),
        ("It costs 3.50 dollars. Fine.", ["It costs 3.50 dollars.", "Fine."]),
        ('He said "no." Then he left.', ['He said "no."', "Then he left."]),
        ("One line\nanother line", ["One line", "another line"]),
        ("No end", ["No end"]),
        ("...", []),
        ("", []),
    ],
)
def test_a_piece_is_a_sentence(text: str, pieces: list[str]) -> None:
    assert cut(text) == pieces


def test_a_sentence_is_ready_as_soon_as_the_next_one_begins() -> None:
    cutter = SentenceCutter()
    assert cutter.feed("It is Paris.") == []
    assert cutter.feed(" Do") == ["It is Paris."]


def test_the_first_piece_may_end_at_a_comma_so_that_the_voice_starts_sooner() -> None:
    text = "Well, the capital of France has been Paris for a long time, and it still is."
    first, rest = cut(text)
    assert first == "Well,"
    assert rest == text.removeprefix("Well, ")
    assert cut("Yes. " + text)[1:] == [text]
    assert cut("It costs 1,000 dollars.") == ["It costs 1,000 dollars."]


def test_a_text_without_an_end_is_cut_all_the_same() -> None:
    assert all(len(piece) <= LONGEST_CHARS + 3 for piece in cut("word " * 400))


@given(st.text(alphabet="ab .,!?\n'\"", max_size=400), st.integers(1, 40))
def test_nothing_spoken_is_lost_or_reordered_however_the_text_arrives(text: str, step: int) -> None:
    said = "".join("".join(cut(text, step)).split())
    whole = "".join(text.split())
    assert whole.startswith(said)
    assert not any(c.isalnum() for c in whole[len(said) :])
