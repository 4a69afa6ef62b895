"""Calls in the content of a markup: names and arguments in the forms of all families."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.tools import MOST_ARGUMENT_CHARS, MOST_CALLS
from workers.engines.protocols import FunctionCall
from workers.llm.markup_calls import arguments, calls_in, calls_of

BOOK = FunctionCall("book", '{"guests": 2}')
BARE = '{"name": "book", "arguments": {"guests": 2}}'
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,20}", fullmatch=True)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=3), inner),
    max_leaves=6,
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=4)


def read(calls: list[FunctionCall]) -> list[tuple[str, Any]]:
    return [(call.name, json.loads(call.arguments)) for call in calls]


# ---------------------------------------------------------------- the content of a markup


@pytest.mark.parametrize(
    "body",
    [
        BARE,
        f"[{BARE}]",
        f"```json\n{BARE}\n```",
        f"  {BARE}\n",
        f"functools[{BARE}]",
        '{"tool_call_id": "0", "tool_name": "book", "parameters": {"guests": 2}}',
        '{"name": "book", "args": {"guests": 2}}',
        '{"name": "functions.book", "arguments": "{\\"guests\\": 2}"}',
        '{"type": "function", "function": {"name": "book", "arguments": {"guests": 2}}}',
        "<function=book><parameter=guests>2</parameter></function>",
        '<function name="book"><param name="guests">2</param></function>',
        "<FUNCTION=book><PARAMETER=guests>2</PARAMETER></FUNCTION>",
        '<function=book>{"guests": 2}',
        '<invoke name="book"><parameter name="guests">2</parameter></invoke>',
        '<steptml:invoke name="book"><steptml:parameter name="guests">2',
        '<｜DSML｜invoke name="book"><｜DSML｜parameter name="guests" string="false">2'
        "</｜DSML｜parameter></｜DSML｜invoke>",
        'functions.book:0<|tool_call_argument_begin|>{"guests": 2}<|tool_call_end|>',
        'book:12<|tool_call_argument_begin|>{"guests": 2}',
        'book<｜tool▁sep｜>{"guests": 2}<｜tool▁call▁end｜>',
        'function<｜tool▁sep｜>book\n```json\n{"guests": 2}\n```<｜tool▁call▁end｜>',
        'book[ARGS]{"guests": 2}',
        'book[CALL_ID]a1B2c3[ARGS]{"guests": 2}</s>',
        "call:book{guests:2}<end_function_call>",
        "call:book{guests:2}<tool_call|>",
        "book\n<arg_key>guests</arg_key>\n<arg_value>2</arg_value>",
        "book(guests=2)",
        "[book(guests=2)]",
        "book.call(guests=2)",
        "functions.book(guests=2)",
    ],
)
def test_a_call_in_the_form_of_any_family_is_read(body: str) -> None:
    assert read(calls_in(body, {})) == [("book", {"guests": 2})]


@pytest.mark.parametrize(
    "body",
    [
        f"{BARE}\n{BARE}",
        f"{BARE}; {BARE},",
        f"[{BARE}, {BARE}]",
        "<function=book><parameter=guests>2<function=book><parameter=guests>2",
        '<invoke name="book"><parameter name="guests">2<invoke name="book">{"guests": 2}',
        'book<｜tool▁sep｜>{"guests": 2}<｜tool▁call▁end｜>book<｜tool▁sep｜>{"guests": 2}',
        'book[ARGS]{"guests": 2}[TOOL_CALLS]book[ARGS]{"guests": 2}',
        "call:book{guests:2}call:book{guests:2}",
        "[book(guests=2), book(guests=2)]",
        "book(guests=2)\nbook(guests=2)",
    ],
)
def test_two_calls_are_two(body: str) -> None:
    assert read(calls_in(body, {})) == [("book", {"guests": 2})] * 2


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("book", {}),
        ("<function=book></function>", {}),
        ("book()", {}),
        ('{"name": "book", "arguments": {}}', {}),
        ('{"name": "book", "arguments": ""}', {}),
    ],
)
def test_a_call_may_have_no_arguments(body: str, found: dict[str, Any]) -> None:
    assert read(calls_in(body, {})) == [("book", found)]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "???",
        "no call here",
        "[1, 2]",
        '{"answer": 42}',
        '{"name": 5, "arguments": {}}',
        "book(2)",  # which argument it is, nobody knows
        "book(guests=open('/etc/passwd'))",
        "x = book(guests=2)",
        "book(guests=2",
        "[" * 5_000,
        "f(" * 5_000,
        "[" * 600 + "]" * 600,
        "f" + "()" * 500,
    ],
)
def test_what_is_no_call_gives_none(body: str) -> None:
    assert calls_in(body, {}) == []


@pytest.mark.parametrize(
    "body",
    [
        '{"name": "book", "arguments": {"day": "\\ud83d"}}',
        '[book(day="\\ud83d")]',
        'book<arg_key>day</arg_key><arg_value>"\\ud83d"</arg_value>',
    ],
)
def test_half_of_a_character_becomes_a_question_mark(body: str) -> None:
    assert read(calls_in(body, {})) == [("book", {"day": "?"})]


def test_a_broken_call_is_reported_with_its_name_and_text() -> None:
    body = '{"name": "book", "arguments": {"guests":'
    assert calls_in(body, {}) == [FunctionCall("book", body)]
    assert calls_in(f"[{BARE}, {body}", {}) == [FunctionCall("book", f"[{BARE}, {body}")]


def test_a_call_without_an_object_of_arguments_is_reported_too() -> None:
    body = '{"name": "book", "arguments": [2]}'
    assert calls_in(body, {}) == [FunctionCall("book", body)]


def test_calls_before_broken_ones_are_made() -> None:
    assert calls_in(f'{BARE}\n{{"name": "book", "arg', {}) == [BOOK]


@pytest.mark.parametrize(
    "body",
    [
        BARE * (MOST_CALLS + 4),
        "[" + ", ".join([BARE] * (MOST_CALLS + 4)) + "]",
        "<function=book><parameter=guests>2</parameter></function>" * (MOST_CALLS + 4),
        f"[{', '.join(['book(guests=2)'] * (MOST_CALLS + 4))}]",
    ],
    ids=["json", "list", "elements", "python"],
)
def test_a_step_has_no_more_calls_than_it_may(body: str) -> None:
    assert calls_in(body, {}) == [BOOK] * MOST_CALLS


def test_arguments_are_cut_just_above_their_limit_so_that_they_are_refused() -> None:
    (call,) = calls_in(json.dumps({"name": "book", "arguments": {"a": "x" * 60_000}}), {})
    assert len(call.arguments) == MOST_ARGUMENT_CHARS + 1


@given(NAMES, OBJECTS)
def test_any_object_is_read_as_it_was_written_in_json(name: str, values: dict[str, Any]) -> None:
    body = json.dumps({"name": name, "arguments": values})
    assert read(calls_in(body, {})) == [(name, values)]
    assert read(calls_in(f"{name}[ARGS]{json.dumps(values)}", {})) == [(name, values)]
    assert read(calls_in(f"<function={name}>{json.dumps(values)}</function>", {})) == [
        (name, values)
    ]


@given(NAMES, OBJECTS)
def test_any_constants_are_read_as_they_were_written_in_python(
    name: str, values: dict[str, Any]
) -> None:
    named = ", ".join(f"a_{key}={value!r}" for key, value in values.items())
    found = read(calls_in(f"[tool_{name}({named})]", {}))
    assert found == [(f"tool_{name}", {f"a_{key}": value for key, value in values.items()})]


@given(st.text(alphabet='abok 1<>|/{}[]()"=:,_.`\n', max_size=80))
def test_any_text_gives_calls_with_a_name_or_none(body: str) -> None:
    for call in calls_in(body, {}):
        assert call.name
        assert call.arguments


# ---------------------------------------------------------------- objects


@pytest.mark.parametrize(
    ("found", "count"),
    [
        ([], 0),
        ([{"name": "a", "arguments": {}}, {"name": "b", "arguments": "{}"}], 2),
        ([{"name": "a", "arguments": {}}, {"no": "call"}], 0),
        ([[{"name": "a", "arguments": {}}]], 1),
        ("book", 0),
        (None, 0),
        ({"name": "a"}, 0),
        ({"arguments": {}}, 0),
        ({"function": "a", "arguments": {}}, 0),
    ],
)
def test_an_object_is_a_call_if_it_has_a_name_and_arguments(found: Any, count: int) -> None:
    assert len(calls_of(found)) == count


def test_other_letters_stay_as_they_are() -> None:
    (call,) = calls_of({"name": "book", "arguments": {"name": "Zoë"}})
    assert call.arguments == '{"name": "Zoë"}'


# ---------------------------------------------------------------- arguments


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ('{"guests": 2}', {"guests": 2}),
        ('```json\n{"guests": 2}\n```', {"guests": 2}),
        ("<parameter=note>for two, please</parameter>", {"note": "for two, please"}),
        ("<parameter=guests>2<parameter=late>true", {"guests": 2, "late": True}),
        ("<parameter=a>1</parameter><parameter=a>2</parameter>", {"a": 1}),
        ('<parameter name="pin" string="true">0042</parameter>', {"pin": "0042"}),
        ('<parameter name="pin" string="false">42</parameter>', {"pin": 42}),
        ("<arg_key> a </arg_key><arg_value>[1]</arg_value>", {"a": [1]}),
        ("<arg_key>a</arg_key><arg_value>1<arg_key>b</arg_key><arg_value>2", {"a": 1, "b": 2}),
        ('{name:<|"|>Ann, of "A"<|"|>,guests:2}', {"name": 'Ann, of "A"', "guests": 2}),
        ("{name:<escape>12<escape>}", {"name": "12"}),
        ("{guests: 2,late:false}", {"guests": 2, "late": False}),
    ],
)
def test_arguments_are_read_by_their_marks(body: str, found: dict[str, Any]) -> None:
    assert json.loads(arguments(body, {})) == found


@pytest.mark.parametrize(
    ("schema", "value"),
    [({"type": "string"}, "12"), ({"type": "integer"}, 12), ({}, 12), (True, 12), (None, 12)],
)
def test_a_number_is_a_text_where_its_schema_says_so(schema: Any, value: Any) -> None:
    found = arguments("<parameter=room>12</parameter>", {"room": schema})
    assert json.loads(found) == {"room": value}
    (call,) = calls_in("<function=book><parameter=room>12</function>", {"book": {"room": schema}})
    assert json.loads(call.arguments) == {"room": value}


@pytest.mark.parametrize(("body", "text"), [("", "{}"), ("  ", "{}"), (" [1] ", "[1]")])
def test_arguments_without_a_form_are_passed_on_to_be_refused(body: str, text: str) -> None:
    assert arguments(body, {}) == text
