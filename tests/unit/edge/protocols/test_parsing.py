"""What clients send is read as it was meant, or told."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.protocols.parsing import MOST_PARTS, NotJsonError, from_base64, parse, to_base64


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


def test_a_message_of_thousands_of_parts_is_not_read() -> None:
    """To read 600 000 keys takes the whole edge most of a second."""
    keys = ",".join(f'"{number}":1' for number in range(MOST_PARTS - 3))
    assert parse('{"type":"x",' + keys + "}")["type"] == "x"
    for many in (
        '{"type":"x",' + keys + ',"a":1,"b":1,"c":1,"d":1}',
        '{"type":"x","a":' + "[" * MOST_PARTS + "]" * MOST_PARTS + "}",
        '{"type":"x","a":[' + ",".join("{}" * 1 for _ in range(MOST_PARTS)) + "]}",
    ):
        with pytest.raises(NotJsonError):
            parse(many)


def test_audio_of_any_length_is_no_part() -> None:
    audio = to_base64(bytes(3_000_000))
    assert parse('{"type":"audio_chunk","audio_data":"' + audio + '"}')["audio_data"] == audio
