"""A suite is read, or the error names its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from aura.cli.evaluation.suite import SuiteError, load


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
    assert load(Path(__file__).parents[4] / "e2e" / "suite.yaml").scenarios
