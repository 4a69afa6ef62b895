"""What clients send is read as it was meant, or told."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.messages.inputs import ClientToolResult
from edge.protocols.parsing import (
    MOST_JSON_MARKS,
    MOST_TEXT_CHARS,
    MOST_TYPE_CHARS,
    PIECE_CHARS,
    NotJsonError,
    clean,
    from_base64,
    parse,
    shown,
    to_base64,
    tool_result,
    typed_text,
)


@given(st.binary(max_size=300), st.integers(1, 76))
def test_either_alphabet_padded_or_not_in_one_line_or_more_is_read(data: bytes, line: int) -> None:
    for text in (base64.b64encode(data).decode(), base64.urlsafe_b64encode(data).decode()):
        for written in (text, text.rstrip("=")):
            assert from_base64(written) == data
            assert from_base64(f"data:audio/wav;base64,{written}") == data
            lines = [written[at : at + line] for at in range(0, len(written), line)]
            assert from_base64(" \r\n\t".join(lines) + "\n") == data
    assert from_base64(to_base64(data)) == data


@pytest.mark.parametrize(
    "text",
    [
        *("@@@@", "a", "abcde", "ab!!cd", "====", "ab==cd==", "ab=c", "üüüü", "\ud800abc"),
        to_base64(bytes(300))[:100] + "!!!!" + to_base64(bytes(300))[100:],
        *(7, None, ["abcd"], {}),
    ],
)
def test_damaged_base64_is_told_and_is_no_sound(text: object) -> None:
    with pytest.raises(ValueError, match="audio_data"):
        from_base64(text)


LONG = to_base64(bytes(2 * PIECE_CHARS))


def test_base64_of_several_pieces_is_read_whole() -> None:
    data = bytes(range(256)) * (PIECE_CHARS // 100)
    lines = base64.encodebytes(data).decode()
    assert len(lines) > 3 * PIECE_CHARS
    assert from_base64(lines) == from_base64(to_base64(data).rstrip("=")) == data


@pytest.mark.parametrize("at", [PIECE_CHARS - 4, PIECE_CHARS - 2, PIECE_CHARS, PIECE_CHARS + 2])
@pytest.mark.parametrize("damage", ["==", "AA==", "!", "A"])
def test_damage_between_pieces_is_found(at: int, damage: str) -> None:
    with pytest.raises(ValueError, match="not valid base64"):
        from_base64(LONG[:at] + damage + LONG[at:])


def test_a_message_of_thousands_of_parts_is_not_read() -> None:
    """To read 600 000 keys takes the whole edge most of a second."""
    keys = ",".join(f'"{number}":1' for number in range(MOST_JSON_MARKS - 3))
    assert parse('{"type":"x",' + keys + "}")["type"] == "x"
    for many in (
        '{"type":"x",' + keys + ',"a":1,"b":1,"c":1,"d":1}',
        '{"type":"x","a":' + "[" * MOST_JSON_MARKS + "]" * MOST_JSON_MARKS + "}",
        '{"type":"x","a":[' + ",".join("{}" * 1 for _ in range(MOST_JSON_MARKS)) + "]}",
    ):
        with pytest.raises(NotJsonError):
            parse(many)


def test_audio_of_any_length_is_no_part() -> None:
    audio = to_base64(bytes(3_000_000))
    assert parse('{"type":"audio_chunk","audio_data":"' + audio + '"}')["audio_data"] == audio


@pytest.mark.parametrize(
    "text",
    ["", "{", "7", "null", '["type"]', '"type"', "{}", '{"type":7}', '{"type":null}', "[" * 900],
)
def test_what_is_no_object_with_a_type_is_no_message(text: str) -> None:
    with pytest.raises(NotJsonError):
        parse(text)


def test_a_type_is_shown_shortened_and_printable() -> None:
    assert shown("audio\x1b[2J\n\u202echunk") == "audio?[2J??chunk"
    assert shown("é" * (MOST_TYPE_CHARS + 1)) == "é" * MOST_TYPE_CHARS


def test_an_unpaired_surrogate_becomes_a_question_mark() -> None:
    assert clean("a\ud800b 😀") == "a?b 😀"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"result": "sunny"}, ClientToolResult("c1", "sunny")),
        ({"result": {"°C": [21, None]}}, ClientToolResult("c1", '{"°C": [21, null]}')),
        ({"result": None}, ClientToolResult("c1", "null")),
        ({"result": "a\udc00"}, ClientToolResult("c1", "a?")),
        ({"result": 1, "error": "no\ud800"}, ClientToolResult("c1", "no?", failed=True)),
    ],
)
def test_a_tool_result_is_text_or_any_json_and_an_error_goes_before(
    given: dict[str, Any], told: ClientToolResult
) -> None:
    assert tool_result({"type": "tool_result", "call_id": "c1", **given}) == told


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ({"result": 1}, "call_id must be"),
        ({"call_id": "", "result": 1}, "call_id must be"),
        ({"call_id": 7, "result": 1}, "call_id must be"),
        ({"call_id": "c1"}, "a result or an error"),
        ({"call_id": "c1", "error": {"code": 1}}, "error must be a string"),
        ({"call_id": "c1", "error": None}, "error must be a string"),
    ],
)
def test_a_tool_result_that_answers_nothing_is_told(message: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        tool_result(message)


def test_a_typed_turn_is_its_words_with_single_blanks() -> None:
    assert typed_text({"text": "  Hello,\n\tyou\ud800 "}) == "Hello, you?"
    longest = "a" * MOST_TEXT_CHARS
    assert typed_text({"text": f" {longest} "}) == longest


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ({}, "a string with words"),
        ({"text": 7}, "a string with words"),
        ({"text": " \n\t"}, "a string with words"),
        ({"text": "a" * (MOST_TEXT_CHARS + 1)}, f"{MOST_TEXT_CHARS} characters at most"),
    ],
)
def test_a_typed_turn_without_words_or_with_too_many_is_told(
    message: dict[str, Any], why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        typed_text(message)
