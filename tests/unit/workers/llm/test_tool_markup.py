"""The table of markups: each opening is found, whatever its case and however it is cut."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.llm.tool_markup import (
    HARMONY,
    HARMONY_END,
    HARMONY_HEAD,
    MARKUPS,
    MOST_HEAD_CHARS,
    PYTHONIC,
    Markup,
    may_open,
    opening,
)

OPENINGS = [(text, markup) for markup in MARKUPS for text in markup.openings]
CLOSINGS = {
    "<|tool_calls_section_begin|>": "<|tool_calls_section_end|>",
    "<|tool_call_section_begin|>": "<|tool_call_section_end|>",
    "<|tool_call_begin|>": "<|tool_call_end|>",
    "<｜tool▁calls▁begin｜>": "<｜tool▁calls▁end｜>",
    "<|tool▁calls▁begin|>": "<|tool▁calls▁end|>",
    "<tool_call>": "</tool_call>",
    "<function=": "</function >",
    "<function_call>": "</function_call>",
    "<invoke name=": "</invoke>",
    "<|python_tag|>": "<|eom_id|>",
    "<|python_start|>": "<|python_end|>",
    "<|tool_call_start|>": "<|tool_call_end|>",
    "<|tool_call|>": "<|/tool_call|>",
    "<|tool_call>": "<tool_call|>",
    "<start_function_call>": "<end_function_call>",
    "```tool_code": "```",
    "<|start_action|>": "<|END_ACTION|>",
}
"""Openings and their closings as the families' templates have them."""


@pytest.mark.parametrize(("text", "markup"), OPENINGS)
def test_an_opening_is_found_in_any_case(text: str, markup: Markup) -> None:
    names_the_tool = text.endswith(("=", " "))
    content_at = 0 if names_the_tool else len(text)
    for changed in (text.lower(), text.upper(), text.swapcase()):
        assert opening(f"{changed}book") == (markup, content_at), changed


@given(st.sampled_from([*(text for text, _ in OPENINGS), *HARMONY.openings]), st.integers(1, 40))
def test_each_beginning_of_an_opening_may_open_one(text: str, count: int) -> None:
    assert may_open(text[:count])
    assert may_open(text[:count].upper())


@pytest.mark.parametrize(
    "text", ["a", "<b>", "<tool_calling", "tool_call", " <tool_call>", "[laughs]", "`ls`"]
)
def test_other_text_opens_nothing(text: str) -> None:
    assert opening(text) is None
    assert not may_open(text)


@pytest.mark.parametrize("text", ["<tool_call\u017f>", "<funct\u0131on="])
def test_letters_that_only_resemble_those_of_an_opening_open_nothing(text: str) -> None:
    assert opening(text) is None


def test_an_opening_with_more_text_is_no_longer_the_start_of_one() -> None:
    assert not may_open("<tool_call>{")
    assert opening("<tool_call>{")


def test_no_opening_belongs_to_two_markups() -> None:
    texts = [text for text, _ in OPENINGS]
    assert len(set(texts)) == len(texts)
    assert texts == [text.lower() for text in texts], "the table is compared in lower case"


@pytest.mark.parametrize(("text", "closing"), CLOSINGS.items())
def test_a_closing_of_the_family_ends_its_region(text: str, closing: str) -> None:
    found = opening(text)
    assert found is not None
    assert re.search(found[0].closing, closing, re.IGNORECASE)
    assert re.search(found[0].closing, closing.upper(), re.IGNORECASE)
    assert not re.search(found[0].closing, closing[:-1]), "a part of it is none"


def test_a_list_in_pythons_syntax_ends_with_its_bracket() -> None:
    found = re.search(PYTHONIC.closing, "[book(guests=2) ] Well.")
    assert found is not None
    assert found.end() == len("[book(guests=2) ]")


@pytest.mark.parametrize("markup", [*MARKUPS, PYTHONIC, HARMONY], ids=lambda markup: markup.parser)
def test_the_advice_names_the_parser_of_the_server(markup: Markup) -> None:
    assert f"--tool-call-parser {markup.parser}, llama.cpp --jinja" in markup.advice


@pytest.mark.parametrize(
    "head",
    [
        "<|channel|>final<|message|>",
        "<|start|>assistant<|channel|>commentary to=functions.book <|constrain|>json<|message|>",
        "<|start|>assistant to=functions.book<|channel|>commentary json<|message|>",
        "<|CHANNEL|>analysis<|MESSAGE|>",
        "<|message|>",
    ],
)
def test_a_head_of_gpt_oss_ends_with_its_message(head: str) -> None:
    found = HARMONY_HEAD.match(f"{head}Hello.")
    assert found is not None
    assert found.group() == head
    assert len(head) < MOST_HEAD_CHARS


@pytest.mark.parametrize(
    ("text", "at", "to"),
    [
        ("Hello.<|end|>more", 6, 13),
        ("{}<|call|>", 2, 10),
        ("Hello.<|return|>", 6, 16),
        ("Hello.<|start|>assistant", 6, 6),  # the next message has begun
        ("Hello.<|channel|>final", 6, 6),
    ],
)
def test_a_message_of_gpt_oss_ends_where_it_says_or_the_next_one_begins(
    text: str, at: int, to: int
) -> None:
    found = HARMONY_END.search(text)
    assert found is not None
    assert found.span() == (at, to)


@pytest.mark.parametrize("text", ["Hello.", "Hello.<|en", "a <| b |> c"])
def test_a_message_without_an_end_goes_on(text: str) -> None:
    assert HARMONY_END.search(text) is None
