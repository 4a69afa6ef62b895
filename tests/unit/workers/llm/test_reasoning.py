"""Thoughts are taken out of a stream, wherever it is cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.llm.reasoning import ReasoningFilter


def said(text: str, step: int = 1, *, hold: bool = False) -> str:
    """Return what is left; of a stream that began inside a thought, what came after it."""
    thoughts, left = ReasoningFilter(hold=hold), ""
    for at in range(0, len(text), step):
        inside = thoughts.began_inside
        more = thoughts.feed(text[at : at + step])
        left = more if thoughts.began_inside and not inside else left + more
    return left + thoughts.flush()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<think>a</think>b", "b"),
        ("<thinking>a</thinking>b", "b"),
        ("<THINK>a</Think>b", "b"),
        ("<think>\na < b and <i>c</i>\n</think>\n\nHi.", "\n\nHi."),
        ("Yes. <think>a</think>So.", "Yes. So."),
        ("<think>a</think>b<think>c</think>d", "bd"),
        ("<think>never ends", ""),
        ("<think></think>b", "b"),
        ("<think/>b", "b"),
        ("[THINK]a[/THINK]b", "b"),
        ("<reasoning>a</reasoning>b", "b"),
        ("analysisThey greet me. So do I.assistantfinalHello there.", "Hello there."),
        (
            "analysisBook it.assistantcommentary to=functions.book json{}",
            "commentary to=functions.book json{}",
        ),
        ("analysis is a word", "analysis is a word"),
        ("an", "an"),
        ("a</think>b", "b"),
        ("One. Two.\n</think>\nb", "\nb"),
        ("No thought at all.", "No thought at all."),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("<b>bold</b> [link](x)", "<b>bold</b> [link](x)"),
        ("I think <thin", "I think <thin"),
        ("a <", "a <"),
        ("<speak>Hi</speak>", "<speak>Hi</speak>"),
    ],
)
def test_what_is_left_is_what_is_said(text: str, expected: str) -> None:
    steps = (1, 2, 5, 1000)
    assert {step: said(text, step) for step in steps} == dict.fromkeys(steps, expected)


def test_a_text_without_tags_is_not_held_back() -> None:
    assert ReasoningFilter().feed("Sure, 5 > 3.") == "Sure, 5 > 3."


def test_a_stream_that_begins_inside_a_thought_is_known_by_its_end() -> None:
    thoughts = ReasoningFilter()
    assert thoughts.feed("Let me see.") == "Let me see."
    assert not thoughts.began_inside
    assert thoughts.feed("</think>Hi.") == "Hi."
    assert thoughts.began_inside


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", False),
        ("anal", False),
        ("Hi <b>you</b><think/>", False),
        ("Hi <think>you", True),
        ("Hi</think>", True),
        ("analysisThey greet me.", True),
        ("<think>a</think>Hi.", True),
    ],
)
@pytest.mark.parametrize("hold", [False, True])
def test_whether_there_was_a_thought_is_known(text: str, expected: bool, hold: bool) -> None:
    thoughts = ReasoningFilter(hold=hold)
    thoughts.feed(text)
    assert thoughts.has_reasoning is expected


def test_a_model_that_began_inside_is_held_until_its_thought_is_over() -> None:
    thoughts = ReasoningFilter(hold=True)
    assert thoughts.feed("Let me see. I say hi.") == ""
    assert thoughts.feed("</think>Hi.") == "Hi."
    assert thoughts.feed(" And bye.") == " And bye."


def test_a_held_model_is_heard_after_its_channel_of_reasoning() -> None:
    thoughts = ReasoningFilter(hold=True)
    assert thoughts.feed("analysisThey greet me.assistantfinalHello") == "Hello"


def test_what_was_held_without_a_thought_is_said_in_the_end() -> None:
    assert said("Hi. And bye.", hold=True) == "Hi. And bye."


@given(st.text(alphabet="ab <>/thinkTHINK[]|", max_size=80), st.integers(1, 9))
def test_the_cuts_of_a_stream_change_nothing(text: str, step: int) -> None:
    assert said(text, step) == said(text, 1)
