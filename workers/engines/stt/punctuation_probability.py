"""How surely a recogniser would end the sentence where the speaker fell silent.

Whisper has learnt punctuation from sound and words together: after "a table for two" in a falling
voice it is sure of a full stop; after "I would like to", or a voice left hanging, it weighs a
comma, three dots, another word. The probabilities are there already: reading them costs nothing.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

ENDS: Final = tuple(".?!\u3002\uff1f\uff01\u061f\u0964")
"""Marks that end a sentence, in the scripts that Whisper writes."""


class SentenceEnd:
    """The ends of sentences in one model's vocabulary."""

    def __init__(
        self, encode: Callable[[str], Sequence[int]], decode: Callable[[list[int]], str]
    ) -> None:
        """Take a tokenizer's two directions, without special tokens."""
        self._decode = decode
        tokens = [encode(mark) for mark in ENDS]
        self._ends = [one[0] for one in tokens if len(one) == 1]

    def after(self, tokens: Sequence[int], logits: Sequence[Any]) -> float | None:
        """Return 0..1, the probability of an end right after the last word of *tokens*.

        *logits* are those of each step, float32 [vocabulary]; None: there is no word, or no step
        after it.
        """
        count = len(tokens)
        while count and not any(c.isalnum() for c in self._decode([tokens[count - 1]])):
            count -= 1
        if not count or count >= len(logits):
            return None
        step = np.array(logits[count]).ravel().astype(np.float64)
        likely = np.exp(step - step.max())
        return float(likely[self._ends].sum() / likely.sum())
