"""Calls in the text of a model: taken out whole, never spoken, however the text is cut."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.workers.llm.call_forms import BARE, BOOK, FORMS, LAST, MARKUP, STRIPPED, taken
from workers.engines.protocols import FunctionCall
from workers.llm.response_text import ResponseText
from workers.llm.tool_markup import HARMONY, MARKUPS
from workers.llm.tool_text import UNREADABLE, ToolText

CUTS = st.lists(st.integers(0, 200), max_size=8)


@given(
    st.sampled_from([*FORMS, *MARKUP, *STRIPPED, *LAST]),
    CUTS,
    st.sampled_from(["", "Let me see. ", "Let me see:\n"]),
)
def test_a_call_in_any_form_is_taken_and_not_spoken(
    form: str, cuts: list[int], before: str
) -> None:
    said, calls = taken(before + form, cuts)
    assert [(call.name, json.loads(call.arguments)) for call in calls] == [("book", {"guests": 2})]
    assert said.strip() == before.strip()


@given(st.sampled_from([*FORMS, *MARKUP]), st.sampled_from([*FORMS, *MARKUP]), CUTS)
def test_calls_one_after_the_other_are_both_taken(first: str, second: str, cuts: list[int]) -> None:
    said, calls = taken(f"{first}\n{second}\nDone.", cuts)
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
        "a <｜ b, and <｜tool▁ is a part of a mark.",
        "for functools, or [booking(s)]",
        "I book a table, functions. A book, and bookings: commentary to follow",
        "<function> and <invoke> are tags",
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
    assert text.tools.calls == [BOOK]


def test_without_tools_a_call_is_not_spoken() -> None:
    text = ResponseText()
    assert text.feed(f"<tool_call>{BARE}</tool_call>Hello there. H") == ["Hello there."]
    assert not text.tools.calls


@given(st.sampled_from([*FORMS, *MARKUP[:-1]]), CUTS, st.sampled_from(["", "Let me see. "]))
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
    assert not text.tools.calls
    assert text.tools.unknown == [BOOK]


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
    assert (said, text.tools.calls) == ([], [BOOK])


def test_two_calls_in_one_frame_of_deepseek_are_two() -> None:
    call = '<｜tool▁call▁begin｜>book<｜tool▁sep｜>{"guests": 2}<｜tool▁call▁end｜>'
    text = f"One moment. <｜tool▁calls▁begin｜>{call}\n{call}<｜tool▁calls▁end｜>"
    assert taken(text, list(range(len(text)))) == ("One moment. ", [BOOK, BOOK])
    assert taken(text.removesuffix("<｜tool▁call▁end｜><｜tool▁calls▁end｜>"), [])[1] == [
        BOOK,
        BOOK,
    ]


@given(
    st.sampled_from([opening for markup in MARKUPS for opening in markup.openings]),
    st.text(alphabet='ab 1<>|/{}[]"=:', max_size=60),
    CUTS,
)
def test_what_cannot_be_read_of_a_markup_is_not_spoken(
    opening: str, inside: str, cuts: list[int]
) -> None:
    text = ResponseText(tools=["book"])
    written, said, before = f"Let me see. {opening}{inside}", [], 0
    for at in [*sorted(cuts), len(written)]:
        said += text.feed(written[before:at])
        before = at
    said += text.flush()
    spoken = " ".join(said)
    assert spoken.startswith("Let me see.")
    assert opening.strip() not in spoken
    assert text.tools.calls or text.tools.unknown


def test_what_cannot_be_read_names_the_option_of_the_server_that_helps() -> None:
    text = ResponseText(tools=["book"])
    assert text.feed("<|tool_calls_section_begin|>???<|tool_calls_section_end|>") == []
    assert text.tools.markup
    assert "--tool-call-parser kimi_k2" in text.tools.markup.advice
    assert [call.name for call in text.tools.unknown] == ["unreadable_call"]


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_of_the_channels_of_gpt_oss_the_last_one_is_spoken(step: int) -> None:
    written = (
        "<|channel|>analysis<|message|>They greet me. <tool_call>no</tool_call><|end|>"
        "<|start|>assistant<|channel|>commentary<|message|>One moment.<|end|>"
        "<|start|>assistant<|channel|>final<|message|>Hello there. How are you?<|return|>"
    )
    text = ResponseText(tools=["book"])
    pieces = []
    for at in range(0, len(written), step):
        pieces += text.feed(written[at : at + step])
    assert [*pieces, *text.flush()] == ["One moment.", "Hello there.", "How are you?"]
    assert not text.tools.calls
    assert not text.tools.unknown
    assert text.has_reasoning


def test_a_list_in_pythons_syntax_is_read_with_values_and_nothing_else() -> None:
    said, calls = taken('[book(name="Ann (and Bob)", vip=True), book(guests=1 + 1)]', [])
    assert (said, [call.name for call in calls]) == ("", ["book"])
    assert json.loads(calls[0].arguments) == {"name": "Ann (and Bob)", "vip": True}
    assert taken("<function_calls>book(guests=2in x)</function_calls>", []) == ("", [])
    said, calls = taken("[book(open('/etc/passwd').read())] Well.", [])
    assert (said.strip(), calls) == ("Well.", [])


def test_values_in_markup_keep_what_they_hold() -> None:
    gemma = '<|tool_call>call:book{name:<|"|>Ann, of "A"<|"|>,guests:2}<tool_call|>'
    glm = (
        '<tool_call>book\n<arg_key>name</arg_key>\n<arg_value>Ann, of "A"</arg_value>\n'
        "<arg_key>guests</arg_key>\n<arg_value>2</arg_value>\n</tool_call>"
    )
    for written in (gemma, glm):
        (call,) = taken(written, [])[1]
        assert json.loads(call.arguments) == {"name": 'Ann, of "A"', "guests": 2}


def test_long_markup_is_bounded_and_its_end_is_found() -> None:
    text = ToolText(["book"])
    said = text.feed("<tool_call>")
    for _ in range(100):
        said += text.feed("x" * 2000)
    assert said == ""
    assert text.feed("</tool_call>Well.") == "Well."


@pytest.mark.parametrize("cuts", [[], list(range(200))])
def test_reasoning_in_a_channel_is_not_spoken_and_the_last_channel_is(cuts: list[int]) -> None:
    written = (
        "<|channel|>analysis<|message|>They want a table.<|end|>"
        "<|start|>assistant<|channel|>final<|message|>Sure."
    )
    text, said = ToolText(["book"]), ""
    for begin, end in zip([0, *cuts], [*cuts, len(written)], strict=True):
        said += text.feed(written[begin:end])
    assert (said + text.flush()).strip() == "Sure."
    assert (text.has_reasoning, text.calls, text.unknown) == (True, [], [])


@pytest.mark.parametrize("name", ["book", "drop_all"])
def test_a_call_in_a_channel_is_of_the_tool_that_its_head_names(name: str) -> None:
    head = f"<|start|>assistant<|channel|>commentary to=functions.{name} <|constrain|>json"
    text = ToolText(["book"])
    assert text.feed(f'{head}<|message|>{{"guests": 2}}<|call|>') + text.flush() == ""
    call = FunctionCall(name, '{"guests": 2}')
    known = name == "book"
    assert (text.calls, text.unknown) == (([call], []) if known else ([], [call]))
    assert text.markup is (None if known else HARMONY)
    assert not text.has_reasoning


@pytest.mark.parametrize("head", ["<|channel|>analysis", "<|start|>assistant", "<|channel|>" * 40])
def test_a_head_without_a_message_is_not_spoken(head: str) -> None:
    text = ToolText(["book"])
    assert text.feed(head) + text.flush() == ""


def test_json_that_is_nested_too_deeply_is_no_call_but_words() -> None:
    text = '[{"a": 1}, ' + "[" * 600 + "]" * 600 + "]"
    assert taken(text, []) == (text, [])


def test_a_call_that_is_far_too_long_is_unreadable_and_what_follows_it_is_spoken() -> None:
    text, said = ToolText(["book"]), ""
    for piece in ("<tool_call>", *["x" * 5000] * 20, "</tool_call>", "Done."):
        said += text.feed(piece)
    assert said + text.flush() == "Done."
    assert [call.name for call in text.unknown] == [UNREADABLE]


@pytest.mark.parametrize("form", [*FORMS, *STRIPPED, *LAST])
def test_each_form_of_a_call_is_taken_whole_and_letter_by_letter(form: str) -> None:
    for cuts in ([], list(range(1, 200))):
        said, calls = taken(form, cuts)
        found = [(call.name, json.loads(call.arguments)) for call in calls]
        assert found == [("book", {"guests": 2})]
        assert said.strip() == ""


def test_a_name_before_arguments_that_never_end_is_a_call_that_cannot_be_read() -> None:
    said, calls = taken('book{"guests": ', [3, 6])
    assert (said, calls) == ("", [FunctionCall("book", '{"guests": ')])
