"""A file is an agent, or an error that names its line, whatever is in it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.agents.config_file import BrokenFilesError, ConfigFileError
from runtime.agents.file import load, load_all, parse
from schemas.agent import MOST_CONFIG_FILE_BYTES, changes
from tests.unit.runtime.agents.test_config_file import GOOD


def wrong(text: str) -> ConfigFileError | None:
    """Return the error in *text*, None where it is an agent."""
    try:
        parse(text)
    except ConfigFileError as error:
        return error
    return None


def test_a_file_sets_only_paths_of_the_configuration() -> None:
    assert changes(parse(GOOD)) == {
        "response.system_prompt": "You are the host of {{place}}.\nThe guest is {{guest}}.\n",
        "response.greeting": "{{place}}, good evening!",
        "language": "en",
        "response.model": "m",
        "response.max_tokens": 80,
        "response.temperature": 0.3,
        "turns.eagerness": "low",
        "interruption.min_words": 2,
    }


def test_an_agent_may_be_empty() -> None:
    assert changes(parse("{}")) == {}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\n", 1, "a: there is no such field"),
        ("prompt: hi\n\npromt: ho\n", 3, "promt: there is no such field: did you mean prompt?"),
        ("prompt: hi\nturns:\n  eagernes: low\n", 3, "did you mean eagerness?"),
        ("turns:\n  eagerness: hasty\n", 2, "turns.eagerness: Invalid enum value 'hasty'"),
        ("model:\n  name: m\n  temperature: 9\n", 3, "model.temperature: Expected float <= 2"),
        ("model:\n  nam: m\n", 2, "model.nam: there is no such field: did you mean name?"),
        ("voice: {delivery: whole}\n", 1, "voice.delivery: there is no such field"),
        ("language: 3\n", 1, "language: Expected str, got int"),
        ("language: de_DE\n", 1, "language: Expected str matching regex"),
        ("language: de_DE\n", 1, "write it as de"),
        ("webhook: https://x.example\n", 1, "Expected a mapping, got str: of url, events, words"),
        ("turns: {eagerness: hasty}\n", 1, "it is one of auto, high, low"),
        ("tools:\n  - name: x\n    kind: mcp\n", 3, "'mcp': it is one of builtin, client, nats"),
        ("phones: {desk: 12 34}\n", 1, 'write it as "+14155550100"'),
        ("prompt: hi\ngreeting: Lake: good day\n", 2, "a text with `: ` in it needs quotes"),
        ("prompt: hi\nturns:\n\teagerness: low\n", 3, "indent with blanks"),
        ("prompt:\n  - hi\n", 1, "prompt: Expected str, got a list"),
        ("turns: 3\n", 1, "turns: Expected a mapping, got int"),
        ("callers:\n  may_set: [language, colour]\n", 2, "callers.may_set[1]: Invalid enum"),
        ("variables:\n  a: {}\n  b:\n    defaul: x\n", 4, "did you mean default?"),
        ("variables:\n  a: {}\n  b:\n    default: 42\n", 4, "variables.b.default: Expected str"),
        ("variables:\n  a: {default: abc, max_chars: 2}\n", 2, "over max_chars"),
        ("variables:\n  1a: {}\n", 2, "'1a' is no name"),
        ("prompt: |\n  hello\n  {{nme}}\nvariables:\n  name: {}\n", 3, "did you mean name?"),
        ("greeting: hi {{who}}\n", 1, "{{who}} is no variable: declare it under variables"),
        ("prompt: a {{b c}}\n", 1, "{{b c}} is no variable"),
        ('variables:\n  a: {default: "a\\u202eb"}\n', 2, "a: the default has control characters"),
        ("tools:\n  - end_call\n  - {name: end_call, kind: client}\n", 3, "two tools end_call"),
        ("tools:\n  - transfer\n", 2, "transfer needs transfer_to"),
        ("transfer_to: [b]\ntools:\n  - {name: transfer}\n", 3, "transfer needs transfer_to"),
        ("tools:\n  - {name: x, kind: builtin}\n", 2, "x: a built-in tool is named"),
        ("webhook: {words: false}\n", 1, "webhook: it needs a url"),
        ("webhook:\n  words: false\n  url: ftp://x.example\n", 3, "webhook.url: it must be"),
        ("webhook: {url: 'https://me:secret@x.example'}\n", 1, "webhook.url: it must be"),
        ("prompt: hi\nprompt: ho\n", 2, "prompt is said twice"),
        ("prompt: &a hi\ngreeting: *a\n", 1, "anchors and aliases"),
        ("greeting: !!python/object/apply:os.getcwd []\n", 1, "tags (!) are not read"),
        ("language: en\nprompt: 'hi\n", 3, "no YAML"),
        ("language: en\nturns: {\n", 3, "no YAML"),
        ("language: en\n---\nlanguage: de\n", 2, "no YAML"),
        ("language: en\nprompt: a\x07b\n", 2, "no YAML"),
        ("? [a]\n: b\n", 1, "a key must be a word"),
        ("- prompt\n", 1, "an agent is a mapping"),
        ("", 1, "an agent is a mapping"),
        ("just words", 1, "an agent is a mapping"),
    ],
)
def test_an_error_names_the_line_and_the_reason(text: str, line: int, words: str) -> None:
    with pytest.raises(ConfigFileError) as refused:
        parse(text)
    assert words in refused.value.message
    assert refused.value.line == line
    assert str(refused.value).startswith(f"{line}: ")


@pytest.mark.parametrize("url", ["https://x.example/calls?a=1", "http://10.0.0.1:8000", ""])
def test_a_webhook_is_an_address_without_a_password_or_none(url: str) -> None:
    assert changes(parse(f"webhook: {{url: '{url}'}}")) == {"webhook.url": url}


@pytest.mark.parametrize("targets", ["transfer_to: [cook]", 'phones: {desk: "+14155550100"}'])
def test_a_transfer_needs_an_agent_or_a_telephone_to_go_to(targets: str) -> None:
    assert parse(f"tools: [end_call, transfer]\n{targets}").tools == ("end_call", "transfer")


def test_files_are_read_by_the_name_of_their_agent_and_all_broken_ones_are_told(
    tmp_path: Path,
) -> None:
    texts = {"host": GOOD, "cook": "prompt: Cook.\n", "bar": "promt: Mix.\n", "bad": "- x\n"}
    files = [tmp_path / f"{name}.yaml" for name in texts]
    for file, text in zip(files, texts.values(), strict=True):
        file.write_text(text, encoding="utf-8")
    assert load(files[0]) == ("host", GOOD, parse(GOOD))
    assert load_all(files[:2]) == {"host": GOOD, "cook": "prompt: Cook.\n"}
    with pytest.raises(BrokenFilesError) as refused:
        load_all(files)
    assert [error.line for error in refused.value.errors] == [1, 1]


def test_the_language_no_is_a_string() -> None:
    assert parse("language: no").language == "no"
    assert parse("greeting: yes").greeting == "yes"


@pytest.mark.parametrize(
    "text",
    [
        "[" * 60_000,
        "{a: " * 15_000,
        "a:\n" + "".join(" " * k + "a:\n" for k in range(1, 300)),
        "a: &a [x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\nprompt: *c\n",
        "prompt: " + "{{" * 15_000,
        "prompt: '" + "{{a}}" * 6000 + "'\nvariables: {a: {}}",
        "prompt: " + "x" * MOST_CONFIG_FILE_BYTES,
        "\ufeff" * 20_000,
        "- " * 30_000,
    ],
)
def test_a_file_that_would_grow_is_answered_at_once(text: str) -> None:
    began = time.process_time()
    error = wrong(text)
    assert error is None or len(error.message) < 500
    assert time.process_time() - began < 2


@given(st.text(max_size=200) | st.from_regex(r"(prompt|turns|variables|callers): .*"))
@settings(max_examples=min(100, 3 * settings().max_examples))
def test_any_text_is_an_agent_or_an_error(text: str) -> None:
    error = wrong(text)
    assert error is None or (error.line > 0 and error.message)
