"""Mistakes in agents that are seen before anything is applied, and what is worth a word."""

from __future__ import annotations

from typing import Any

import pytest

from aura.cli.agent_files.agent_check import flaws, remarks
from runtime.settings import Settings, load

TOOL = """\
tools:
  - end_call
  - name: book
    kind: webhook
    target: https://app.example/book
    parameters: %s
"""


def of(**settings: Any) -> Settings:
    return load(_env_file=None, **settings)


@pytest.mark.parametrize("language", ["de", "pt-BR", "yue", "auto", "zh-Hant-TW"])
def test_a_code_is_a_language(language: str) -> None:
    assert flaws({"desk": f"language: {language}\n"}) == []


@pytest.mark.parametrize("language", ["german", "deutsch", "de-"])
def test_an_unknown_name_is_reported_with_its_line(language: str) -> None:
    (line,) = flaws({"desk": f"prompt: hi\nlanguage: {language}\n"})
    assert line == "desk.yaml:2: language: a code, such as de or pt-BR, or auto"


@pytest.mark.parametrize(
    ("parameters", "why"),
    [
        ("{type: objekt}", "type: 'objekt'"),
        ("{properties: {day: string}}", "properties.day: 'string'"),
    ],
)
def test_parameters_that_are_no_schema_are_told_with_their_place(parameters: str, why: str) -> None:
    (line,) = flaws({"desk": TOOL % parameters})
    assert line.startswith(f"desk.yaml:6: parameters of book are no JSON Schema: {why}")
    assert flaws({"desk": TOOL % "{type: object, properties: {day: {type: string}}}"}) == []


def test_a_language_that_the_recogniser_does_not_know_is_worth_a_word() -> None:
    texts = {"desk": "language: en\n", "pult": "prompt: hi\nlanguage: de\n", "none": "{}"}
    (line,) = remarks(of(), texts)
    assert line.startswith("pult.yaml:2: the recogniser tiny.en knows English only")
    assert "aura models fetch base" in line
    for other in ({"stt_model": "base"}, {"stt_base_url": "http://x"}, {"stt_engine": "m:C"}):
        assert remarks(of(**other), texts) == []


def test_a_webhook_without_a_secret_is_remarked() -> None:
    texts = {"desk": TOOL % "{type: object}" + "webhook: {url: https://app.example/calls}\n"}
    calls, books = remarks(of(), texts)
    assert calls.startswith("desk.yaml:7: AURA_WEBHOOK_SECRET is not set here")
    assert books.startswith("desk.yaml:3: AURA_TOOL_SECRET is not set here")
    secret = "whsec_" + "A" * 43 + "="
    assert remarks(of(tool_secret=secret, webhook_secret=secret), texts) == []


def test_a_variable_that_stands_early_in_a_long_prompt_is_worth_a_word() -> None:
    rules = "Answer in short sentences. " * 20
    text = "description: A desk.\nprompt: '%s'\nvariables: {who: {default: you}}\n"
    built_in = of(llm_engine="local")
    (line,) = remarks(built_in, {"desk": text % f"You talk to {{{{who}}}}. {rules}"})
    assert line.startswith("desk.yaml:2: ")
    assert remarks(built_in, {"desk": text % f"{rules} You talk to {{{{who}}}}."}) == []
    early = text % f"You talk to {{{{who}}}}. {rules}"
    assert remarks(of(llm_engine="simulated"), {"desk": early}) == []
