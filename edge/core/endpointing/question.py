"""Whether somebody is asked something, by the words as models write them."""

from __future__ import annotations


def is_question(text: str) -> bool:
    """Tell whether *text* ends in a question."""
    return text.rstrip().endswith("?")
