"""What is to be masked is masked, and nothing else."""

from __future__ import annotations

import pytest

from workers.engines.simulated import HEARD, SimulatedRecognizer
from workers.redaction import BadRulesError, Redaction


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("My card is 4111 1111 1111 1111, thanks.", "My card is [number], thanks."),
        ("Call 555-0199.", "Call [number]."),
        ("It is four one one, double two.", "It is [number]."),
        ("At 10 on the 21st, for two or three people.", None),
        ("In 99 cases of 100.", None),
        ("Nobody won one of the ones.", None),
    ],
)
def test_numbers_are_masked_however_they_are_said(said: str, kept: str | None) -> None:
    assert Redaction.of("numbers").mask(said) == (kept or said)


def test_own_rules_are_patterns_with_masks() -> None:
    rules = Redaction.of('{"numbers": "#", "project \\\\w+": "[project]"}')
    assert rules.mask("Project apollo, pin 1234") == "[project], pin #"
    assert Redaction.of("numbers, emails").mask("ann@mail.example.org") == "[email]"


@pytest.mark.parametrize("setting", ["digits", "{", '{"(": "x"}'])
def test_a_rule_that_is_none_is_refused_with_the_setting(setting: str) -> None:
    with pytest.raises(BadRulesError, match="AURA_REDACT"):
        Redaction.of(setting)


def test_no_rules_cost_nothing_and_rules_mask_what_is_recognised() -> None:
    heard = SimulatedRecognizer(delay_ms=0).transcribe(b"\x01\x01", language="en").text
    assert Redaction.of("").mask(heard) is heard
    masked = Redaction.of('{"hello": "[greeting]"}').mask(heard)
    assert masked == HEARD.replace("Hello", "[greeting]")
