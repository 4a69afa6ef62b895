"""Deltas of a model become the pieces that are spoken."""

from __future__ import annotations

import pytest

from workers.llm.response_text import ResponseText


def pieces(text: str, step: int, *, hold: bool = False) -> list[str]:
    response, found = ResponseText(hold=hold), []
    for at in range(0, len(text), step):
        found += response.feed(text[at : at + step])
    return found + response.flush()


@pytest.mark.parametrize("step", [1, 3, 1000])
def test_a_thought_is_no_piece(step: int) -> None:
    thinking = "<think>The user asks. I should say hi.</think>\n\nHi there. How are you?"
    assert pieces(thinking, step) == ["Hi there.", "How are you?"]


def test_a_thought_without_its_first_tag_is_forgotten_where_it_was_not_said_yet() -> None:
    response = ResponseText()
    assert response.feed("I should say hi") == []
    assert response.feed("</think>Hi. Y") == ["Hi."]
    assert response.began_inside


@pytest.mark.parametrize("step", [1, 3, 1000])
def test_a_model_known_to_begin_inside_is_not_heard_thinking(step: int) -> None:
    assert pieces("One. Two. Three.</think>Hi.", step, hold=True) == ["Hi."]


def test_a_response_begins_with_its_first_word_not_with_its_thought() -> None:
    response = ResponseText()
    response.feed("<think>hm")
    response.feed("")
    assert not response.is_begun
    response.feed("</think>Hi")
    assert response.is_begun
    assert response.has_reasoning


@pytest.mark.parametrize("step", [1, 3, 1000])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello there.<|im_end|>", ["Hello there."]),
        ("Hello there.<end_of_turn>\n", ["Hello there."]),
        ("Hello there.<｜end▁of▁sentence｜>", ["Hello there."]),
        ("Hello there.</s>", ["Hello there."]),
        ("It is 1 < 2, and <b>bold</b>.", ["It is 1 < 2, and <b>bold</b>."]),
    ],
)
def test_marks_of_a_template_are_no_words(text: str, expected: list[str], step: int) -> None:
    assert pieces(text, step) == expected


def test_calls_in_the_text_are_found_and_unknown_tools_are_kept_apart() -> None:
    response = ResponseText(tools={"clock"})
    text = '```json\n{"name": "clock", "arguments": {}}\n```\n'
    found = response.feed(text) + response.feed(text.replace("clock", "moon")) + response.flush()
    assert found == []
    assert [call.name for call in response.tools.calls] == ["clock"]
    assert [call.name for call in response.tools.unknown] == ["moon"]
    assert response.tools.markup is None
    assert not response.has_reasoning
