"""Marks of a chat template are not spoken, however the text is cut; other text is."""

import hypothesis
import pytest
from hypothesis import strategies as st

from workers.llm.template_marks import TemplateMarks


def spoken(text: str, cuts: list[int]) -> str:
    marks, out, at = TemplateMarks(), "", 0
    for cut in [*sorted(cuts), len(text)]:
        out += marks.feed(text[at:cut])
        at = max(at, cut)
    return out + marks.flush()


@hypothesis.given(cuts=st.lists(st.integers(0, 60), max_size=8))
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello.<|im_end|> ", "Hello. "),
        ("Hello.<｜end▁of▁sentence｜>", "Hello."),
        ("<|eot_id|>Hello.<END_OF_TURN></s>", "Hello."),
        ("a < b <| c", "a < b <| c"),
        ("It is <b>bold</b> and 3<4.", "It is <b>bold</b> and 3<4."),
        ("cut off <|im_", "cut off <|im_"),
    ],
)
def test_marks_are_taken_out_wherever_the_text_is_cut(
    text: str, expected: str, cuts: list[int]
) -> None:
    assert spoken(text, [cut for cut in cuts if cut <= len(text)]) == expected


def test_words_are_not_held_back() -> None:
    assert TemplateMarks().feed("Hello there") == "Hello there"
    assert TemplateMarks().feed("Hello <|im") == "Hello "
