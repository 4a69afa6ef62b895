"""Requests about items: which commands they give the call, and what the client is told."""

from __future__ import annotations

from typing import Any

import pytest

from edge.core.messages.client_commands import ClientCommand, Reply
from edge.core.messages.client_events import ClientToolCalled
from edge.core.messages.inputs import ClientToolResult, ItemAdded, ItemRemoved, Truncated
from edge.protocols.realtime.item_requests import ItemRequests
from edge.protocols.realtime.items import Item
from edge.protocols.realtime.server_events import ServerEvents
from edge.protocols.realtime.session_object import SessionObject
from edge.protocols.realtime.wire import Ids, RequestError


class Desk:
    """A connection that takes requests about items."""

    def __init__(self) -> None:
        self.ids = Ids("0")
        self.server_events = ServerEvents(self.ids, SessionObject())
        self.requests = ItemRequests(self.server_events)

    def create(self, item: dict[str, Any], **fields: Any) -> list[ClientCommand]:
        return self.requests.create({"item": item, **fields})

    def message(self, text: str = "Hi.", name: str = "", **fields: Any) -> list[ClientCommand]:
        part = {"type": "input_text", "text": text}
        item = {
            "type": "message",
            "role": "user",
            "content": [part],
            **({"id": name} if name else {}),
        }
        return self.create(item, **fields)

    def spoken(self, name: str = "answer", *, turn: int = 3, offset_ms: int = 0) -> Item:
        """Add a spoken response of 1500 ms."""
        words = [(0, "It is "), (900, "fine.")]
        body = {"id": name, "type": "message", "role": "assistant", "content": [{"transcript": ""}]}
        item = Item(body, "response_3", turn, offset_ms, spoken=True, sent_ms=1500, words=words)
        self.server_events.items.add(item)
        return item


def told(commands: list[ClientCommand]) -> list[Any]:
    return [dict(one.message) for one in commands if isinstance(one, Reply)]


def code(desk: Desk, verb: str, **message: Any) -> tuple[str, str | None]:
    """Return the code and the place of the error that *message* gets."""
    with pytest.raises(RequestError) as refused:
        getattr(desk.requests, verb)(message)
    return refused.value.code, refused.value.param


# ---------------------------------------------------------------- messages


def test_a_message_enters_the_conversation_and_is_told_back_twice() -> None:
    desk = Desk()
    added, *replies = desk.message("Hi.", "mine")
    assert isinstance(added, ItemAdded)
    assert (added.role, added.text, added.after) == ("user", "Hi.", None)
    assert [one["type"] for one in told(replies)] == [
        "conversation.item.added",
        "conversation.item.done",
    ]
    first = told(replies)[0]
    assert (first["item"]["id"], first["previous_item_id"]) == ("mine", None)
    assert desk.server_events.items.last == "mine"


def test_a_message_without_an_id_gets_one_of_its_own() -> None:
    desk = Desk()
    names = [told(desk.message())[0]["item"]["id"] for _ in range(3)]
    assert len(set(names)) == 3
    assert told(desk.message())[0]["previous_item_id"] == names[2]


@pytest.mark.parametrize(
    ("place", "after", "previous"),
    [
        ({}, None, "b"),
        ({"previous_item_id": "root"}, "", None),
        ({"previous_item_id": "a"}, 0, "a"),
    ],
)
def test_a_message_may_have_a_place(
    place: dict[str, Any], after: str | int | None, previous: str | None
) -> None:
    desk = Desk()
    keys = [desk.message("One.", "a")[0], desk.message("Two.", "b")[0]]
    added, first, _ = desk.message("Three.", "c", **place)
    assert isinstance(added, ItemAdded)
    wanted = keys[after] if isinstance(after, int) else None
    assert added.after == (wanted.key if isinstance(wanted, ItemAdded) else after)
    assert told([first])[0]["previous_item_id"] == previous


def test_an_id_that_is_taken_adds_nothing() -> None:
    desk = Desk()
    desk.message("One.", "a")
    content = [{"type": "input_text", "text": "Two."}]
    again = {"type": "message", "role": "user", "content": content, "id": "a"}
    assert code(desk, "create", item=again)[0] == "item_create_duplicate_item_id"
    assert code(desk, "create", item={**again, "id": "x" * 65})[0] == "invalid_value"
    assert desk.server_events.items.last == "a"


# ---------------------------------------------------------------- calls and results

RESULT = {"type": "function_call_output", "call_id": "call_1", "output": "sunny"}


def a_call(desk: Desk, turn: int) -> None:
    """The model has called a tool in *turn*; 0: it is of an earlier session."""
    body = {"id": "c", "type": "function_call", "call_id": "call_1"}
    item = Item({**body, "name": "weather", "arguments": '{"day": 1}'}, turn=turn)
    desk.server_events.items.add(item)
    if turn:
        desk.server_events.calls.add(ClientToolCalled("call_1", "weather", "{}"))


def test_a_result_waits_until_a_response_is_asked_for() -> None:
    desk = Desk()
    a_call(desk, 3)
    commands = desk.create(RESULT)
    assert len(told(commands)) == len(commands) == 2
    assert told(commands)[0]["item"]["output"] == "sunny"
    assert desk.server_events.calls.take_results() == [ClientToolResult("call_1", "sunny")]


def test_a_result_for_which_a_response_waits_is_handed_over() -> None:
    desk = Desk()
    a_call(desk, 3)
    desk.server_events.calls.follow_up = "ask_1"
    assert desk.create(RESULT)[-1] == ClientToolResult("call_1", "sunny")


def test_a_result_of_an_earlier_session_is_told_to_the_model_as_known() -> None:
    desk = Desk()
    desk.create(
        {"type": "function_call", "name": "weather", "call_id": "call_1", "arguments": "{}"}
    )
    added = desk.create(RESULT)[0]
    assert isinstance(added, ItemAdded)
    assert (added.role, added.text) == ("system", "Known from a call: weather({}) = sunny")


def test_a_second_result_of_a_call_is_an_item_and_no_result() -> None:
    desk = Desk()
    a_call(desk, 3)
    desk.create(RESULT)
    commands = desk.create(RESULT)
    assert len(told(commands)) == len(commands)
    assert len(desk.server_events.calls.take_results()) == 1


@pytest.mark.parametrize(
    ("item", "param"),
    [
        (RESULT, "item.call_id"),  # nobody called
        ({"type": "function_call", "name": "weather", "call_id": "c"}, "arguments"),
        ({"type": "function_call", "name": "n" * 65, "call_id": "c", "arguments": ""}, "name"),
    ],
)
def test_a_call_or_result_without_its_parts_is_refused(item: dict[str, Any], param: str) -> None:
    assert code(Desk(), "create", item=item)[1] == param


# ---------------------------------------------------------------- delete, retrieve, truncate


def test_a_deleted_message_leaves_the_conversation() -> None:
    desk = Desk()
    added = desk.message("Hi.", "mine")[0]
    assert isinstance(added, ItemAdded)
    removed, reply = desk.requests.delete({"item_id": "mine"})
    assert removed == ItemRemoved(added.key)
    assert told([reply])[0]["item_id"] == "mine"
    assert code(desk, "delete", item_id="mine") == ("item_delete_invalid_item_id", "item_id")


def test_an_item_without_words_in_the_conversation_is_only_told_as_deleted() -> None:
    desk = Desk()
    a_call(desk, 3)
    (reply,) = desk.requests.delete({"item_id": "c"})
    assert told([reply])[0]["type"] == "conversation.item.deleted"


def test_an_item_is_retrieved_as_it_is_now() -> None:
    desk = Desk()
    desk.spoken()
    desk.requests.truncate({"item_id": "answer", "audio_end_ms": 500})
    (reply,) = desk.requests.retrieve({"item_id": "answer"})
    assert told([reply])[0]["item"]["content"] == [{"transcript": "It is"}]
    assert code(desk, "retrieve", item_id="x")[0] == "item_retrieve_invalid_item_id"


@pytest.mark.parametrize(("asked_ms", "end_ms"), [(0, 0), (500, 500), (1500, 1500), (9999, 1500)])
@pytest.mark.parametrize("offset_ms", [0, 2000])
def test_a_response_is_cut_where_its_item_was_heard_to(
    asked_ms: int, end_ms: int, offset_ms: int
) -> None:
    desk = Desk()
    desk.spoken(offset_ms=offset_ms)
    cut, reply = desk.requests.truncate({"item_id": "answer", "audio_end_ms": asked_ms})
    assert cut == Truncated(3, offset_ms + end_ms)
    assert told([reply])[0]["audio_end_ms"] == end_ms
    assert desk.server_events.offsets == {3: offset_ms + end_ms}


@pytest.mark.parametrize(
    ("message", "param"),
    [
        ({"item_id": "answer"}, "audio_end_ms"),
        ({"item_id": "answer", "audio_end_ms": -1}, "audio_end_ms"),
        ({"item_id": "answer", "audio_end_ms": 1.5}, "audio_end_ms"),
        ({"item_id": "answer", "audio_end_ms": True}, "audio_end_ms"),
        ({"item_id": "mine", "audio_end_ms": 1}, "item_id"),  # nothing of it was spoken
        ({"item_id": "x", "audio_end_ms": 1}, "item_id"),
    ],
)
def test_a_cut_without_a_place_in_speech_is_refused(message: dict[str, Any], param: str) -> None:
    desk = Desk()
    desk.spoken()
    desk.message("Hi.", "mine")
    assert code(desk, "truncate", **message)[1] == param
