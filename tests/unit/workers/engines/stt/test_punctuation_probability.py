"""How surely a sentence ends, read from what a decoder weighed."""

from __future__ import annotations

import numpy as np
import pytest

from workers.engines.stt.punctuation_probability import SentenceEnd

VOCABULARY = [" a", " table", ".", "?", ",", "...", "<end>"]
A, TABLE, STOP, ASK, COMMA, DOTS, END = range(len(VOCABULARY))


def encode(text: str) -> list[int]:
    return [VOCABULARY.index(text)] if text in VOCABULARY else [END, END]


def decode(tokens: list[int]) -> str:
    return "".join(VOCABULARY[token] for token in tokens)


def likely(**shares: float) -> np.ndarray:
    """Return the logits of a step that gives these shares to tokens; the rest has none."""
    logits = np.full(len(VOCABULARY), -30.0, np.float32)
    for name, share in shares.items():
        logits[globals()[name]] = np.log(share) + 5  # only differences count
    return logits


AFTER = likely(STOP=0.5, ASK=0.2, COMMA=0.2, A=0.1)
END_OF_TEXT = likely(END=1.0)


@pytest.mark.parametrize("tokens", [[A, TABLE], [A, TABLE, STOP], [A, TABLE, COMMA, DOTS]])
def test_the_step_after_the_last_word_counts(tokens: list[int]) -> None:
    steps = [likely(A=1.0), likely(TABLE=1.0), AFTER, END_OF_TEXT, END_OF_TEXT]
    ended = SentenceEnd(encode, decode).after(tokens, steps)
    assert ended == pytest.approx(0.7)


def test_without_a_word_or_a_step_after_it_there_is_no_probability() -> None:
    ends = SentenceEnd(encode, decode)
    assert ends.after([], [AFTER]) is None
    assert ends.after([DOTS], [AFTER, AFTER]) is None
    assert ends.after([A, TABLE], [likely(A=1.0), likely(TABLE=1.0)]) is None
