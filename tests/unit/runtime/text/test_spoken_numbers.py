"""Numbers of several digits are found in English, written or spoken, with the digits they have."""

import pytest

from runtime.text.spoken_numbers import numbers


def found(text: str, least: int = 4, *, growing: bool = False) -> list[str]:
    return [text[start:end] for start, end in numbers(text, least, growing=growing)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("my card is 4111 1111 1111 1111 thanks", ["4111 1111 1111 1111"]),
        ("IBAN DE89-3704", ["DE89-3704"]),
        ("one two um three four, please", ["one two um three four"]),
        ("twenty three forty five", ["twenty three forty five"]),
        ("double five nine nine", ["double five nine nine"]),
        ("four thousand and five people", ["four thousand and five"]),
        ("two hundred and five", []),
        ("the 1st and the 2nd of may", []),
        ("at three or four o'clock", []),
        ("thirteen fourteen, no more", ["thirteen fourteen"]),
        ("hundred thousand people", []),
        ("no number", []),
    ],
)
def test_runs_of_four_digits_and_more_are_found(text: str, expected: list[str]) -> None:
    assert found(text) == expected


def test_the_least_number_of_digits_decides() -> None:
    assert found("call 12345", 5) == ["12345"]
    assert found("call 12345", 6) == []


def test_a_number_at_the_end_of_growing_words_counts_however_short() -> None:
    assert found("my number is four", growing=True) == ["four"]
    assert found("my number is four", growing=False) == []
    assert found("four people came", growing=True) == []
