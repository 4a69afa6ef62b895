"""The probability that a sentence ends with its last word, from Whisper's next token.

Whisper has learnt punctuation from sound and words together. After "a table for two" in a falling
voice, a full stop is likely. After "I would like to", or if the voice does not fall, a comma, three
dots or another word is likely. Decoding computes these probabilities anyway.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

ENDS: Final = tuple(".?!\u3002\uff1f\uff01\u061f\u0964")
"""The marks that end a sentence, in the scripts that Whisper writes."""


class SentenceEnd:
    """The tokens of a model's vocabulary that end a sentence."""

    def __init__(
        self, encode: Callable[[str], Sequence[int]], decode: Callable[[list[int]], str]
    ) -> None:
        """Take the tokenizer's *encode* and *decode*, both without special tokens."""
        self._decode = decode
        tokens = [encode(mark) for mark in ENDS]
        self._ends = [ids[0] for ids in tokens if len(ids) == 1]

    def after(self, tokens: Sequence[int], logits: Sequence[Any]) -> float | None:
        """Return the probability (0..1) of a sentence's end after the last word of *tokens*.

        *logits*: a float32 [vocabulary] for each step. The result is None if there is no word, or
        no step after it.
        """
        count = len(tokens)
        while count and not any(c.isalnum() for c in self._decode([tokens[count - 1]])):
            count -= 1
        if not count or count >= len(logits):
            return None
        step = np.array(logits[count]).ravel().astype(np.float64)
        likely = np.exp(step - step.max())
        return float(likely[self._ends].sum() / likely.sum())
