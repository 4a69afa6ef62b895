"""A response is compared with what the suite expects."""

from __future__ import annotations

import pytest

from aura.cli.evaluation.judge import StepMessages, judge
from aura.cli.evaluation.suite import Expected, Step, Words


def expecting(**fields: object) -> Step:
    return Step(say="What is the capital?", expect=Expected.model_validate(fields))


GOOD = StepMessages("What is the capital?", "It is Rome, of course.", 900.0)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"transcript": {"contains": ["the capital"], "wer": 0}}, ""),
        ({"transcript": {"contains": ["cap"]}}, "lacks 'cap'"),
        ({"answer": {"contains_any": ["Paris", "rome"]}}, ""),
        ({"answer": {"contains_any": ["Paris", "Oslo"]}}, "none of 'Paris', 'Oslo'"),
        ({"answer": {"excludes": ["course"]}}, "has 'course'"),
        ({"answer": {"matches": "R.me"}}, ""),
        ({"answer": {"matches": "^Rome"}}, "does not match"),
        ({"answer": {"min_words": 6}}, "has 5 words"),
        ({"within_s": 1}, ""),
        ({"within_s": 0.5}, "first sound after 0.90 s, expected 0.5 s"),
        ({"interrupts": False}, ""),
        ({"interrupts": True}, "was not interrupted"),
        ({"ignored": True}, "not ignored"),
    ],
)
def test_the_outcome_is_compared_with_the_expectation(
    fields: dict[str, object], wrong: str
) -> None:
    deviations = judge(expecting(**fields), GOOD, None)
    assert (not deviations) if not wrong else (len(deviations) == 1 and wrong in deviations[0])


def test_the_limit_of_the_suite_holds_where_a_step_has_none() -> None:
    assert judge(expecting(), GOOD, 0.5)
    assert not judge(expecting(within_s=1), GOOD, 0.5)
    assert not judge(Step(noise="cough", expect=Expected(ignored=True)), StepMessages(), 0.5)


def test_no_answer_is_wrong_where_one_was_expected() -> None:
    assert judge(expecting(answer={"min_words": 0}), StepMessages("What?"), None) == [
        "no response was heard"
    ]
    assert judge(expecting(), StepMessages("What?"), 2.0) == ["no response was heard"]
    assert judge(expecting(), StepMessages(errors=["LLM_ERROR"]), None) == ["error told: LLM_ERROR"]
    assert judge(expecting(), StepMessages(lost="the server ended the call"), 2.0) == [
        "the server ended the call"
    ]


def test_words_are_compared_without_capitals_and_punctuation() -> None:
    step = Step(say="x", expect=Expected(answer=Words(contains=("it is rome",))))
    assert not judge(step, GOOD, None)


def test_what_is_to_be_ignored_cuts_no_response_off() -> None:
    cough = Step(noise="cough", expect=Expected(ignored=True))
    assert judge(cough, StepMessages(interrupted=True), None) == [
        "not ignored: it cut the response off"
    ]


def test_a_word_error_rate_has_a_limit() -> None:
    (wrong,) = judge(expecting(transcript={"wer": 0.1}), StepMessages("What is the animal?"), None)
    assert "word error rate of 0.25, expected 0.1" in wrong
