"""What requests for speech alone ask for: sentences, pieces, and what cannot be."""

from __future__ import annotations

import json
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.door.http.speech_requests import (
    MOST_INPUT_CHARS,
    MOST_SENTENCE_CHARS,
    RECOGNISED_PIECE_MS,
    SEARCHED_MS,
    TEXT_FORMATS,
    audio_pieces,
    format_of,
    language_of,
    sentences,
    speech_request,
)
from edge.protocols.realtime.wire import RequestError
from runtime.bus.audio_order import MOST_AHEAD_MS

MINUTE = 60_000 * 32


def test_a_text_is_spoken_sentence_after_sentence() -> None:
    text = "One.  Two!\nThree? 3.5 is one\u3002 \nlast"
    assert list(sentences(text)) == ["One.", "Two!", "Three?", "3.5 is one\u3002", "last"]


@given(st.text(max_size=3000))
def test_no_sentence_is_too_long_and_none_is_empty(text: str) -> None:
    found = list(sentences(text))
    assert all(0 < len(one) <= MOST_SENTENCE_CHARS for one in found)
    if all(len(word) <= MOST_SENTENCE_CHARS for word in text.split()):
        assert " ".join(found).split() == text.split()


def test_a_recording_is_cut_where_it_is_quiet() -> None:
    loud = np.full(MINUTE // 2, 9000, "<i2")
    quiet_at = (RECOGNISED_PIECE_MS - 3000) * 16
    loud[quiet_at : quiet_at + 800 * 16] = 0
    cut = list(audio_pieces(loud.tobytes()))
    assert b"".join(cut) == loud.tobytes()
    assert quiet_at < len(cut[0]) // 2 < quiet_at + 800 * 16
    assert all(len(one) <= RECOGNISED_PIECE_MS * 32 for one in cut)
    assert all(len(one) >= (RECOGNISED_PIECE_MS - SEARCHED_MS) * 32 for one in cut[:-1])


@given(st.integers(0, 3 * MINUTE // 2))
def test_every_sample_is_in_one_piece(samples: int) -> None:
    pcm = bytes(2 * samples)
    cut = list(audio_pieces(pcm))
    assert sum(map(len, cut)) == len(pcm)
    assert all(len(one) % 2 == 0 for one in cut)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ),
    st.sampled_from("input response_format speed stream_format voice".split()),
)
def test_whatever_is_asked_for_is_done_or_told(value: object, name: str) -> None:
    asked = {"model": "tts-1", "voice": "alloy", "input": "Hi.", name: value}
    with suppress(RequestError):
        speech_request(json.dumps(value).encode())
    try:
        good = bool(speech_request(json.dumps(asked).encode()).sentences)
    except RequestError as wrong:
        good = wrong.param == name
    assert good


def test_a_text_may_not_be_too_long() -> None:
    body = {"input": "x " * (MOST_INPUT_CHARS // 2)}
    assert speech_request(json.dumps(body).encode()).sentences
    with pytest.raises(RequestError, match="4096 characters"):
        speech_request(json.dumps({"input": body["input"] + "x"}).encode())


@pytest.mark.parametrize("wrong", ["e n", "../x", "d\u00e9", "x" * 9, "en-US"])
def test_a_language_is_a_code(wrong: str) -> None:
    assert [language_of(one) for one in ("", "EN", "auto")] == ["", "en", "auto"]
    with pytest.raises(RequestError):
        language_of(wrong)


@pytest.mark.parametrize(
    ("body", "param", "code", "why"),
    [
        (b"", None, "invalid_json", "JSON object"),
        (b"[" * 100_000, None, "invalid_json", "JSON object"),
        (b'["input"]', None, "invalid_json", "JSON object"),
        (b"{}", "input", "invalid_value", "a text with words"),
        (b'{"input": " "}', "input", "invalid_value", "a text with words"),
        (b'{"input": "Hi.", "response_format": "mp3"}', "response_format", "", "wav or pcm"),
        (b'{"input": "Hi.", "speed": 2}', "speed", "", "speed must be 1"),
        (b'{"input": "Hi.", "stream_format": "sse"}', "stream_format", "", "must be audio"),
    ],
)
def test_an_invalid_request_is_told_with_its_parameter(
    body: bytes, param: str | None, code: str, why: str
) -> None:
    with pytest.raises(RequestError, match=why) as refused:
        speech_request(body)
    assert (refused.value.param, refused.value.code) == (param, code or "invalid_value")


@pytest.mark.parametrize(("form", "is_wav"), [("wav", True), ("", True), ("pcm", False)])
def test_a_request_names_the_form_of_its_audio(form: str, *, is_wav: bool) -> None:
    asked = {"input": "Hi. Bye.", "response_format": form, "speed": 1, "stream_format": "audio"}
    request = speech_request(json.dumps(asked).encode())
    assert (request.sentences, request.is_wav) == (("Hi.", "Bye."), is_wav)


def test_a_transcription_is_json_or_text() -> None:
    found = [format_of(one, TEXT_FORMATS) for one in ("", "json", "text")]
    assert found == ["json", "json", "text"]
    with pytest.raises(RequestError, match="json or text"):
        format_of("srt", TEXT_FORMATS)


def test_no_missing_message_of_a_piece_is_taken_for_lost_and_left_out() -> None:
    """The recogniser then ends early, which the edge sees by the length of what it got."""
    assert RECOGNISED_PIECE_MS < MOST_AHEAD_MS
