"""What words and sound say about an end."""

from __future__ import annotations

import pytest

from edge.core.endpointing import WAITS, Eagerness, is_finished, sounds_finished, wait_ms


@pytest.mark.parametrize(
    ("text", "finished"),
    [
        ("What is the capital of Italy?", True),
        ("Are you there?", True),
        ("Please call me back tomorrow.", True),
        ("Stop that now!", True),
        ("Hello?", None),
        ("Yes.", None),
        ("No, no.", None),
        ("I would like to book a table", None),
        ("", None),
        ("I want to", False),
        ("So I called them, and", False),
        ("So I called them and they", False),
        ("We need two coffees,", False),
        ("My number is five five five", False),
        ("Please send the package to 20", False),
        ("five", False),
        ("Can you tell me.", False),
        ("The thing is.", False),
        ("My name is...", False),
        ("Can you tell me what?", None),
        ("What are you looking at?", True),
        ("I'm, uh", False),
    ],
)
def test_words_that_sound_finished_or_not(text: str, finished: bool | None) -> None:
    assert sounds_finished(text) is finished


@pytest.mark.parametrize(
    ("text", "sound", "finished"),
    [
        ("Please call me back tomorrow.", 0.1, None),  # it sounds as if more will come
        ("Please call me back tomorrow.", 0.6, True),
        ("I would like to book a table", 0.95, True),
        ("I would like to book a table", 0.6, None),
        ("I would like to book a table", 0.02, False),
        ("So I called them, and", 0.99, False),  # words that cannot end are believed
        ("Hello?", None, None),
        ("Hello?", 0.99, None),  # it opens more often than it is all
    ],
)
def test_the_sound_is_weighed_against_the_words(
    text: str, sound: float | None, finished: bool | None
) -> None:
    assert is_finished(text, sound) is finished


@pytest.mark.parametrize("eagerness", ["low", "auto", "high"])
def test_the_less_it_sounds_like_an_end_the_longer_it_is_listened_on(eagerness: Eagerness) -> None:
    finished = wait_ms("Please call me back tomorrow.", WAITS[eagerness])
    unclear = wait_ms("I would like to book a table", WAITS[eagerness])
    unfinished = wait_ms("So I called them, and", WAITS[eagerness])
    assert finished < unclear < unfinished
    assert wait_ms("Please call me back tomorrow.", WAITS[eagerness], 0.1) == unclear


def test_low_eagerness_waits_longer_than_high() -> None:
    for name in ("finished_ms", "unclear_ms", "unfinished_ms"):
        assert getattr(WAITS["high"], name) < getattr(WAITS["auto"], name)
        assert getattr(WAITS["auto"], name) < getattr(WAITS["low"], name)
