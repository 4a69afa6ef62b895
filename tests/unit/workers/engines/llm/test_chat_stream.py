"""The bytes of servers, well-behaved and not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from workers.engines.errors import EngineRefusedError, EngineUnavailableError, OnlyReasoningError
from workers.engines.llm.chat_stream import DONE, MOST_LINE_BYTES, ChatStream, records
from workers.engines.protocols import FunctionCall, Usage


async def read(stream: bytes, step: int = 1000) -> list[Any]:
    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(stream), step):
            yield stream[at : at + step]

    return [record async for record in records(pieces())]


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"data: 1\n\ndata: 2\n\n", [1, 2]),
        (b"data:1\r\n\r\ndata: 2\r\n\r\n", [1, 2]),
        (b"data: 1\r\rdata: 2\r\r", [1, 2]),
        (b"event: message\ndata: 1\n\n", [1]),
        (b"retry: 3000\n\ndata: 1\n\n", [1]),
        (b": ping\n\ndata:\n\ndata: \n\ndata: 1\n\n", [1]),
        (b"id: 7\nevent: x\ndata: [1,\ndata: 2]\n\n", [[1, 2]]),
        (b"\xef\xbb\xbfdata: 1\n\n", [1]),
        (b"data: 1\n\ndata: [DONE]\n\ndata: 2\n\n", [1, DONE]),
        (b"data: 1\n\ndata: 2", [1, 2]),
        (b'data: "a\xe2\x80\xa8b\xc2\x85c"\n\n', ["a\u2028b\x85c"]),
        (b'data: "a\\ud83d\\ude00\\u00e9 \\uD83D!"\n\n', ["a\U0001f600\u00e9 !"]),
        (b"", []),
    ],
)
async def test_records_are_read_however_they_are_written(
    stream: bytes, expected: list[Any]
) -> None:
    steps = (1, 2, 7, 1000)
    found = {step: await read(stream, step) for step in steps}
    assert found == dict.fromkeys(steps, expected)


@pytest.mark.parametrize("stream", [b"data: {bro\n\n", b"data: " + b"x" * (MOST_LINE_BYTES + 1)])
async def test_what_is_no_record_is_an_error(stream: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        await read(stream, 100_000)


def delta(**fields: Any) -> dict[str, Any]:
    finish = fields.pop("finish_reason", None)
    return {"choices": [{"index": 0, "delta": fields, "finish_reason": finish}]}


@pytest.mark.parametrize(
    ("chunk", "text"),
    [
        (delta(content="Hi."), "Hi."),
        (delta(content=[{"type": "text", "text": "Hi."}]), "Hi."),
        (delta(content=[{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]), "ab"),
        (delta(content=[{"type": "thinking", "thinking": "hm"}]), ""),
        (delta(content=[{"type": "image_url", "image_url": "x"}, "odd", None]), ""),
        (delta(content={"type": "text", "text": "Hi."}), "Hi."),
        (delta(reasoning_content="hm"), ""),
        (delta(reasoning="hm", content=None), ""),
        (delta(refusal="I cannot."), "I cannot."),
        (delta(tool_calls=[{"index": 0, "function": {"name": "x"}}]), ""),
        (delta(role="assistant"), ""),
        ({"choices": [{"message": {"content": "Whole."}}]}, "Whole."),
        ({"choices": []}, None),
        ({"choices": None}, None),
        ({"choices": [None]}, ""),
        ({}, None),
        ([], None),
        ("text", None),
    ],
)
def test_the_text_of_a_chunk_is_what_is_said(chunk: object, text: str | None) -> None:
    assert ChatStream("m").feed(chunk) == text


def test_what_it_cost_is_kept() -> None:
    stream = ChatStream("m")
    stream.feed({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": None}})
    assert stream.usage == Usage(3, 0, "m")


@pytest.mark.parametrize(
    ("chunks", "kind", "named"),
    [
        (
            [delta(reasoning_content="hm", finish_reason="length")],
            OnlyReasoningError,
            "only thought",
        ),
        ([delta(tool_calls=[{}], finish_reason="tool_calls")], EngineRefusedError, "tool"),
        ([delta(finish_reason="content_filter")], EngineRefusedError, "filter"),
        ([delta(content="Hi."), delta(finish_reason="error")], EngineUnavailableError, "broke off"),
    ],
)
def test_a_stream_without_words_says_why(
    chunks: list[object], kind: type[Exception], named: str
) -> None:
    stream = ChatStream("m")
    for chunk in chunks:
        stream.feed(chunk)
    with pytest.raises(kind, match=named):
        stream.end()


CUT = [delta(tool_calls=[{"index": 0, "function": {"name": "book", "arguments": '{"n": '}}])]


def test_a_call_that_was_cut_is_none() -> None:
    stream = ChatStream("m", has_tools=True)
    for chunk in CUT:
        stream.feed(chunk)
    with pytest.raises(EngineUnavailableError, match="broke off"):
        stream.end()


@pytest.mark.parametrize("mark", [delta(finish_reason="tool_calls"), DONE])
def test_a_call_that_is_broken_but_over_is_left_to_be_told_of(mark: object) -> None:
    stream = ChatStream("m", has_tools=True)
    for chunk in [*CUT, mark]:
        stream.feed(chunk)
    stream.end(marks=True)
    assert stream.calls == [FunctionCall("book", '{"n": ')]


def test_words_without_a_mark_at_their_end_were_cut_where_the_server_has_one() -> None:
    stream = ChatStream("m")
    stream.feed(delta(content="And then"))
    stream.end()
    with pytest.raises(EngineUnavailableError, match="broke off"):
        stream.end(marks=True)
    stream.feed(DONE)
    stream.end(marks=True)


def test_a_model_that_wants_one_more_step_has_nothing_to_say() -> None:
    stream = ChatStream("m", after_tools=True)
    stream.feed(delta(tool_calls=[{"function": {"name": "x"}}], finish_reason="tool_calls"))
    stream.end()
    assert not stream.calls


def test_a_tool_call_beside_words_is_not_missed() -> None:
    stream = ChatStream("m")
    stream.feed(delta(content="One moment."))
    stream.feed(delta(tool_calls=[{}], finish_reason="tool_calls"))
    stream.end()


@pytest.mark.parametrize(
    "error",
    [
        {"error": {"message": "secret"}},
        {"error": "secret"},
        {"error": {"code": 502, "message": "secret"}},
        {"error": {"code": "rate_limit", "message": "secret"}},
        {"object": "error", "message": "secret", "code": 500},
    ],
)
def test_an_error_in_mid_stream_is_worth_another_attempt_and_its_words_are_kept(
    error: dict[str, Any],
) -> None:
    stream = ChatStream("m")
    stream.feed(delta(content="One."))
    with pytest.raises(EngineUnavailableError, match="broke off") as caught:
        stream.feed(error)
    assert "secret" not in str(caught.value)


def test_a_request_refused_inside_a_stream_is_refused() -> None:
    with pytest.raises(EngineRefusedError, match="404"):
        ChatStream("m").feed({"error": {"code": 404, "message": "no such model"}})
