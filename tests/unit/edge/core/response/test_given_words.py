"""How a text that is given as a whole is cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.response.given_words import pieces

LONG = "This sentence is long enough to be synthesized all by itself, I think."


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("Hello.", ["Hello."]),
        ("  Hello.\n", ["Hello."]),
        ("Dr. Smith is in.", ["Dr. Smith is in."]),
        (f"{LONG} {LONG}", [LONG, LONG]),
        (f"{LONG}\n\nBye", [LONG, "Bye"]),
        ("今日は。" * 40, ["今日は。" * 40]),
    ],
)
def test_a_text_is_cut_at_the_ends_of_its_sentences(text: str, cut: list[str]) -> None:
    if len(cut) == 1 and len(text) > 100:  # without blanks between
        assert "".join(one.replace(" ", "") for one in pieces(text)) == text
        assert len(pieces(text)) > 1
    else:
        assert pieces(text) == cut


@given(st.text(max_size=300))
def test_no_word_is_lost(text: str) -> None:
    assert "".join("".join(pieces(text)).split()) == "".join(text.split())
