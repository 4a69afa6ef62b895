"""Text made fit for a voice."""

import pytest

from workers.engines.tts.text_normalization import sentences, speakable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello 👋 there!", "Hello there!"),
        ("**Very** _important_ `code`", "Very important code"),
        ("- milk\n- bread\n", "milk. bread"),
        ("# Title\n1. First\n2) Second.", "Title. First. Second."),
        ("See [our site](https://example.org/a?b=c).", "See our site."),
        ("Go to https://www.example.org/x now", "Go to example.org now"),
        ("It\u2019s 20 % off & free", "It's 20 percent off and free"),
        ("Das Äpfelchen kostet 3,50 €.", "Das Äpfelchen kostet 3,50 €."),
        (r"\(x \times y\) is \text{area}", "x times y is area"),
        ("👍🏽 1️⃣", "1"),
        ("❤️ *** ...", ""),
        ("  \n\t ", ""),
    ],
)
def test_only_speakable_text_is_left(text: str, expected: str) -> None:
    assert speakable(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Dr. Who paid 3.50 dollars. Really.", ["Dr. Who paid 3.50 dollars.", "Really."]),
        ("No end", ["No end"]),
        ("It was 1945. The war ended.", ["It was 1945.", "The war ended."]),
        ("We meet at 8 AM. Then we go.", ["We meet at 8 AM.", "Then we go."]),
        ("am 5. märz um 8 Uhr. Gut.", ["am 5. märz um 8 Uhr.", "Gut."]),
        ("The dept. of health. Yes.", ["The dept. of health.", "Yes."]),
        ("wait... what? Yes.", ["wait... what?", "Yes."]),
        ("今天很好。明天有雨。", ["今天很好。", "明天有雨。"]),
        ('He said "Go." Then he left.', ['He said "Go."', "Then he left."]),
        ("", []),
    ],
)
def test_sentences_are_cut_at_their_ends(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected
