"""Calls in the text of a model: taken out whole, never spoken, however the text is cut."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.engines.protocols import FunctionCall
from workers.response_text import ResponseText
from workers.tool_text import ToolText

BOOK = FunctionCall("book", '{"guests": 2}')
BARE = '{"name": "book", "arguments": {"guests": 2}}'
FORMS = [
    BARE,
    f"```json\n{BARE}\n```",
    f"```\n{BARE}\n```",
    f"<tool_call>\n{BARE}\n</tool_call>",
    f"<tool_call>{BARE}</tool_call>",
    '{{"name": "book", "arguments": {"guests": 2}}}',
    '{"name": "book", "parameters": {"guests": 2}}',
    '{"type": "function", "function": {"name": "book", "arguments": {"guests": 2}}}',
    '{"name": "book", "arguments": "{\\"guests\\": 2}"}',
    f"[{BARE}]",
    '<function=book>{"guests": 2}</function>',
    "<function=book><parameter=guests>2</parameter></function>",
    "<tool_call>\n<function=book>\n<parameter=guests>\n2\n</parameter>\n</function>\n</tool_call>",
    "<tool_call><function=book><parameter=guests>2</function></tool_call>",
    "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>book<｜tool▁sep｜>"
    '{"guests": 2}<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
    "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>book\n"
    '```json\n{"guests": 2}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
]


def taken(text: str, cuts: list[int]) -> tuple[str, list[FunctionCall]]:
    filtered, said, before = ToolText(["book"]), "", 0
    for at in [*sorted(cuts), len(text)]:
        said += filtered.feed(text[before:at])
        before = at
    return said + filtered.flush(), filtered.calls


CUTS = st.lists(st.integers(0, 140), max_size=8)


@given(st.sampled_from(FORMS), CUTS, st.sampled_from(["", "Let me see. ", "Let me see:\n"]))
def test_a_call_in_any_form_is_taken_and_not_spoken(
    form: str, cuts: list[int], before: str
) -> None:
    said, calls = taken(before + form, cuts)
    assert calls == [BOOK]
    assert said.strip() == before.strip()


@given(st.sampled_from(FORMS), st.sampled_from(FORMS), CUTS)
def test_calls_one_after_the_other_are_both_taken(one: str, other: str, cuts: list[int]) -> None:
    said, calls = taken(f"{one}\n{other}\nDone.", cuts)
    assert calls == [BOOK, BOOK]
    assert said.strip() == "Done."


@given(st.text(alphabet='ab .`{}[]<>"\n:', max_size=80), CUTS)
def test_text_without_a_call_is_said_as_it_is(text: str, cuts: list[int]) -> None:
    said, calls = taken(text, cuts)
    assert said == text
    assert not calls


@pytest.mark.parametrize(
    "text",
    [
        "The set {1, 2} has two.",
        "[laughs] That is funny.",
        '{"answer": "42"} is JSON.',
        "Use `ls` or ``` for code.",
        "a < b and c > d",
        "a <｜ b, and <｜tool▁calls▁begin｜> is a mark.",
    ],
)
def test_what_only_looks_like_it_is_said(text: str) -> None:
    assert taken(text, list(range(len(text)))) == (text, [])


def test_usual_words_are_not_held() -> None:
    filtered = ToolText(["book"])
    assert filtered.feed("Sure, a table") == "Sure, a table"
    assert filtered.feed(" for two.") == " for two."


def test_a_broken_call_is_told_to_the_model_and_never_spoken() -> None:
    said, calls = taken('{"name": "book", "arguments": {"guests": ', [])
    assert said == ""
    (call,) = calls
    assert call.name == "book"
    with pytest.raises(ValueError, match="Expecting"):
        json.loads(call.arguments)


def test_a_response_speaks_around_its_calls_and_thinks_in_silence() -> None:
    text = ResponseText(tools=["book"])
    pieces = []
    written = f"<think>Call {BARE}?</think>Let me see.\n<tool_call>{BARE}</tool_call>"
    for letter in written:
        pieces += text.feed(letter)
    pieces += text.flush()
    assert pieces == ["Let me see."]
    assert text.calls == [BOOK]


def test_without_tools_a_call_is_a_thought() -> None:
    text = ResponseText()
    assert text.feed(f"<tool_call>{BARE}</tool_call>Hello there. H") == ["Hello there."]
    assert not text.calls


@given(st.sampled_from(FORMS), CUTS, st.sampled_from(["", "Let me see. "]))
def test_a_call_of_what_was_not_offered_is_neither_spoken_nor_made(
    form: str, cuts: list[int], before: str
) -> None:
    other = form.replace("book", "drop_all")
    said, calls = taken(f"{before}{other} {BARE}", cuts)
    assert calls == [BOOK]
    assert said.strip() == before.strip()


@given(CUTS)
def test_broken_calls_of_what_was_not_offered_are_no_better(cuts: list[int]) -> None:
    assert taken('{"name": "drop_all", "arguments": {"a": ', cuts) == ("", [])


def test_where_nothing_is_offered_a_call_is_not_spoken() -> None:
    text = ResponseText()
    assert text.feed(f"{BARE}") + text.flush() == []
    assert not text.calls
    assert text.unknown == [BOOK]


def test_calls_of_what_was_not_offered_leave_room_for_those_of_what_was() -> None:
    many = " ".join([BARE.replace("book", "drop_all")] * 20)
    assert taken(f"{many} {BARE}", [])[1] == [BOOK]


def test_an_argument_in_markup_is_of_the_type_that_its_schema_says() -> None:
    types = {"book": {"room": {"type": "string"}, "guests": {"type": "integer"}}}
    text = ToolText(["book"], types)
    each = {"room": "12", "guests": "2", "late": "true", "note": "for two, please"}
    markup = "".join(f"<parameter={name}>\n{value}\n</parameter>" for name, value in each.items())
    assert text.feed(f"Sure. <function=book>{markup}</function>") == "Sure. "
    (call,) = text.calls
    told = {"room": "12", "guests": 2, "late": True, "note": "for two, please"}
    assert json.loads(call.arguments) == told


def test_markup_without_its_end_is_a_call_and_not_spoken() -> None:
    text = ToolText(["book"])
    assert text.feed("<function=book><parameter=guests>2</par") + text.flush() == ""
    assert [call.name for call in text.calls] == ["book"]
    other = ToolText(["book"])
    said = other.feed("<function=drop_tables></function>Well, <function> is a word") + other.flush()
    assert said == "Well, <function> is a word"
    assert other.unknown == [FunctionCall("drop_tables", "{}")]


def test_the_mark_of_mistral_before_a_call_is_no_word() -> None:
    text = ResponseText(tools=["book"])
    said = text.feed(f"[TOOL_CALLS][{BARE}]") + text.flush()
    assert (said, text.calls) == ([], [BOOK])


def test_two_calls_in_one_frame_of_deepseek_are_two() -> None:
    one = '<｜tool▁call▁begin｜>book<｜tool▁sep｜>{"guests": 2}<｜tool▁call▁end｜>'
    text = f"One moment. <｜tool▁calls▁begin｜>{one}\n{one}<｜tool▁calls▁end｜>"
    assert taken(text, list(range(len(text)))) == ("One moment. ", [BOOK, BOOK])
    assert taken(text.removesuffix("<｜tool▁call▁end｜><｜tool▁calls▁end｜>"), [])[1] == [
        BOOK,
        BOOK,
    ]
