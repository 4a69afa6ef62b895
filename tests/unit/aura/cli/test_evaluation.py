"""Suites, judgements and results, without a call."""

from __future__ import annotations

from pathlib import Path
from typing import get_args
from xml.etree import ElementTree

import pytest

from aura.cli.evaluation.caller import patience_s
from aura.cli.evaluation.judge import Seen, judge
from aura.cli.evaluation.results import Result, junit, summary
from aura.cli.evaluation.sounds import noise, sounds
from aura.cli.evaluation.suite import Expected, Noise, Step, SuiteError, Words, load


def suite(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "suite.yaml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: [", "line 1: no YAML"),
        ("- just a list", "suite.yaml: "),
        ("name: x\nscenarios: []", "scenarios: Tuple should have at least 1 item"),
        (
            "name: x\nscenarios: [{name: a, steps: [{say: hi, expects: {}}]}]",
            "scenarios[0].steps[0].expects: Extra inputs are not permitted",
        ),
        ("name: x\nscenarios: [{name: a, steps: [{say: hi, wav: a.wav}]}]", "one of say, wav"),
        ("name: x\nscenarios: [{name: a, steps: [{noise: cow}]}]", "'cough', 'knock'"),
        (
            "name: x\nscenarios: [{name: a, steps: [{say: hi, over_answer_s: 1}]}]",
            "scenarios[0]: there is no response to speak over",
        ),
        (
            "name: x\nscenarios: [{name: a, steps: [{wav: a.wav, expect: {transcript: {wer: 0}}}]}]"
            "\n",
            "wer needs the spoken words",
        ),
        (
            "name: x\nscenarios: [{name: a, steps: [{say: hi, expect: {answer: {matches: '('}}}]}]",
            "no regular expression",
        ),
        (
            "name: x\nscenarios: [{name: a, steps: [{say: hi}]}, {name: a, steps: [{say: hi}]}]",
            "two scenarios are called 'a'",
        ),
    ],
)
def test_an_error_in_a_suite_names_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SuiteError) as refused:
        load(suite(tmp_path, text))
    assert said in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


def test_our_own_suite_is_one() -> None:
    assert load(Path(__file__).parents[3] / "e2e" / "suite.yaml").scenarios


def test_a_text_is_spoken_once_and_a_missing_recording_is_named(tmp_path: Path) -> None:
    text = "name: x\nscenarios: [{name: a, steps: [{say: hi}, {say: hi}, {noise: hum}]}]"
    asked: list[str] = []

    def say(text: str) -> bytes:
        asked.append(text)
        return b"\0\0"

    sounds(load(suite(tmp_path, text)), tmp_path, say)
    assert asked == ["hi"]
    gone = load(suite(tmp_path, "name: x\nscenarios: [{name: a, steps: [{wav: gone.wav}]}]"))
    with pytest.raises(SuiteError, match=r"gone\.wav: No such file"):
        sounds(gone, tmp_path, say)


@pytest.mark.parametrize("name", [one for one in get_args(Noise) if one])
def test_a_noise_is_the_same_each_time_and_short(name: str) -> None:
    assert noise(name) == noise(name)
    assert 0 < len(noise(name)) <= 32_000


def expecting(**fields: object) -> Step:
    return Step(say="What is the capital?", expect=Expected.model_validate(fields))


GOOD = Seen("What is the capital?", "It is Rome, of course.", 900.0)


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
    found = judge(expecting(**fields), GOOD, None)
    assert (not found) if not wrong else (len(found) == 1 and wrong in found[0])


def test_the_limit_of_the_suite_holds_where_a_step_has_none() -> None:
    assert judge(expecting(), GOOD, 0.5)
    assert not judge(expecting(within_s=1), GOOD, 0.5)
    assert not judge(Step(noise="cough", expect=Expected(ignored=True)), Seen(), 0.5)


def test_no_answer_is_wrong_where_one_was_expected() -> None:
    assert judge(expecting(answer={"min_words": 0}), Seen("What?"), None) == [
        "no response was heard"
    ]
    assert judge(expecting(), Seen("What?"), 2.0) == ["no response was heard"]
    assert judge(expecting(), Seen(errors=["LLM_ERROR"]), None) == ["error told: LLM_ERROR"]
    assert judge(expecting(), Seen(lost="the server ended the call"), 2.0) == [
        "the server ended the call"
    ]


def test_words_are_compared_without_capitals_and_punctuation() -> None:
    step = Step(say="x", expect=Expected(answer=Words(contains=("it is rome",))))
    assert not judge(step, GOOD, None)


def test_results_become_junit_that_a_ci_server_reads() -> None:
    results = [
        Result("good <one>", 1.5, [GOOD]),
        Result("bad", 2.0, [GOOD], ["step 1: answer lacks '\x07bell'"]),
        Result("refused", 0.1, error="HTTP 503"),
    ]
    suite = ElementTree.fromstring(junit("mine", results)).find("testsuite")  # noqa: S314  # ours
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "1", "1")
    cases = suite.findall("testcase")
    assert cases[0].get("name") == "good <one>"
    assert "bell" in (cases[1].findtext("failure") or "")
    assert summary(results) == "1 of 3 scenarios passed; first sound p50 900 ms, p95 900 ms"


def test_a_slow_response_is_waited_for_where_the_suite_allows_it() -> None:
    assert [patience_s(limit_s) for limit_s in (0.0, 2.5, 45.0)] == [30.0, 30.0, 90.0]
