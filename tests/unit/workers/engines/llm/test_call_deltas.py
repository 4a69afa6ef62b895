"""Calls of tools from the parts that servers send: as they were, however they are cut."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.tools import MOST_CALLS
from workers.engines.errors import EngineRefusedError
from workers.engines.llm.call_deltas import CallDeltas
from workers.engines.llm.chat_stream import ChatStream
from workers.engines.protocols import FunctionCall

NAMES = st.from_regex(r"[A-Za-z0-9_-]{1,20}", fullmatch=True)
OBJECTS = st.dictionaries(st.text(max_size=8), st.text(max_size=12) | st.integers(), max_size=4)
CALLS = st.lists(st.tuples(NAMES, OBJECTS.map(json.dumps)), min_size=1, max_size=MOST_CALLS)


def collected(deltas: list[Any]) -> list[FunctionCall]:
    calls = CallDeltas()
    for delta in deltas:
        calls.add({"tool_calls": delta})
    return calls.calls


def cut(text: str, data: st.DataObject) -> list[str]:
    places = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=6)))
    return [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]


@given(CALLS, st.data(), st.booleans())
def test_numbered_calls_are_joined_whatever_their_parts(
    calls: list[tuple[str, str]], data: st.DataObject, again: bool
) -> None:
    """The parts of parallel calls come mixed; with *again* each repeats the name and the id."""
    queues: list[list[dict[str, Any]]] = []
    for index, (name, arguments) in enumerate(calls):
        first, *rest = cut(arguments, data)
        head = {"index": index, "id": f"c{index}"}
        more: dict[str, Any] = {"name": name} if again else {}
        parts = [{**head, "function": {"name": name, "arguments": first}}]
        kept = head if again else {"index": index}
        parts += [{**kept, "function": {**more, "arguments": arguments}} for arguments in rest]
        queues.append(parts)
    deltas = [[queue.pop(0)] for queue in queues]
    while queues := [queue for queue in queues if queue]:
        deltas.append([data.draw(st.sampled_from(queues)).pop(0)])
    assert collected(deltas) == [FunctionCall(*call) for call in calls]


@given(CALLS, st.sampled_from([0, None]))
def test_whole_calls_without_useful_numbers_stay_apart(
    calls: list[tuple[str, str]], index: int | None
) -> None:
    deltas = [
        [{"index": index, "id": f"c{k}", "function": {"name": name, "arguments": arguments}}]
        for k, (name, arguments) in enumerate(calls)
    ]
    assert collected(deltas) == [FunctionCall(*call) for call in calls]


@given(CALLS)
def test_whole_calls_without_ids_or_numbers_stay_apart(calls: list[tuple[str, str]]) -> None:
    deltas = [[{"function": {"name": name, "arguments": json.loads(a)}}] for name, a in calls]
    found = collected(deltas)
    assert [(call.name, json.loads(call.arguments)) for call in found] == [
        (name, json.loads(a)) for name, a in calls
    ]


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda x: (
            st.lists(x)
            | st.dictionaries(st.sampled_from(["index", "id", "function", "name", "arguments"]), x)
        ),
    )
)
def test_nonsense_is_no_call_and_no_error(part: Any) -> None:
    assert len(collected([part, [part]])) <= 1


def test_a_server_that_never_ends_is_held_to_a_number_of_calls() -> None:
    deltas = [[{"index": k, "id": str(k), "function": {"name": "f"}}] for k in range(99)]
    assert len(collected(deltas)) == MOST_CALLS


def chunk(**delta: Any) -> dict[str, Any]:
    return {"choices": [{"delta": delta}]}


def test_a_stream_gives_its_calls_where_tools_were_offered_and_refuses_elsewhere() -> None:
    part = {"index": 0, "id": "a", "function": {"name": "book", "arguments": '{"n": 2}'}}
    offered, alone = ChatStream("m", has_tools=True), ChatStream("m")
    for stream in (offered, alone):
        assert stream.feed(chunk(tool_calls=[part])) == ""
    offered.end()
    assert offered.calls == [FunctionCall("book", '{"n": 2}')]
    assert not alone.calls
    with pytest.raises(EngineRefusedError, match="offers it none"):
        alone.end()


def test_the_form_of_before_there_were_several_is_read() -> None:
    stream = ChatStream("m", has_tools=True)
    stream.feed(chunk(function_call={"name": "book", "arguments": '{"n":'}))
    stream.feed(chunk(function_call={"arguments": " 2}"}))
    assert stream.calls == [FunctionCall("book", '{"n": 2}')]
