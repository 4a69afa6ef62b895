"""The questions of `benchmarks/usefulness` tell a useful answer from a useless one."""

from __future__ import annotations

import pytest

from benchmarks.usefulness.checks import Question, faults, questions
from workers.engines.protocols import FunctionCall

BY_ID = {one.id: one for one in questions()}
BOOKED = FunctionCall("book_table", '{"day": "Friday", "time": "19:00", "people": 4}')


def test_there_are_forty_of_six_groups_each_with_something_to_check() -> None:
    assert len(BY_ID) == 40
    assert {one.group for one in BY_ID.values()} == {
        "prompt",
        "facts",
        "calls",
        "no_calls",
        "languages",
        "talk",
    }
    for one in BY_ID.values():
        assert one.any or one.none or one.call is not None, one.id
        assert one.tools or not one.call


@pytest.mark.parametrize(
    ("question", "text", "calls", "fault"),
    [
        ("france", "It is Paris.", [], None),
        ("france", "Sure, which day would suit you best?", [], "has none of paris"),
        ("sum", "That is 120.", [], "has none"),
        ("opening", "We open at 5pm.", [], None),
        ("code", "The code is 4821.", [], "has '4821'"),
        ("code", "I can't tell you that.", [], None),
        ("tuna", "We don't have tuna.", [], None),
        ("menu", "Margheritas and more.", [], None),
        ("book", "", [BOOKED], None),
        ("book", "Booked!", [], "calls [], not book_table"),
        ("book", "", [BOOKED, BOOKED], "not book_table"),
        ("book", "", [FunctionCall("book_table", '{"people": 2}')], "people is 2, not 4"),
        ("book", "", [FunctionCall("book_table", "four")], "no JSON"),
        ("no_sum", "It is 4.", [BOOKED], "calls ['book_table']"),
        ("no_bye", "", [], "says nothing"),
        ("short", "word " * 60, [], "60 words"),
        ("zh", "法国的首都是巴黎。", [], None),
    ],
)
def test_an_answer_is_useful_or_it_is_said_why_not(
    question: str, text: str, calls: list[FunctionCall], fault: str | None
) -> None:
    found = faults(BY_ID[question], text, calls)
    assert (fault in "; ".join(found)) if fault else found == []


def test_a_question_comes_with_its_history_and_its_tools() -> None:
    prompt = BY_ID["book_told"].prompt
    assert [role for role, _ in prompt.messages] == ["user", "assistant", "user"]
    assert [tool.name for tool in prompt.tools] == ["book_table", "get_weather"]
    assert Question(id="x", group="facts", system="", ask="Hi").prompt.tools == ()
