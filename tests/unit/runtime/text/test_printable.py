"""Foreign text cannot command a terminal."""

import pytest

from runtime.text.printable import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Grüße, 你好!", "Grüße, 你好!"),
        ("\x1b[2J", r"\x1b[2J"),
        ("a\x00b\x9b", r"a\x00b\x9b"),
        ("\u202eabc", r"\u202eabc"),
        ("one\ntwo", r"one\x0atwo"),
    ],
)
def test_invisible_characters_are_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert printable(shown) == shown
