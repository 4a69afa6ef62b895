"""Items of a Realtime conversation: created, retrieved and deleted."""

from __future__ import annotations

from typing import Any

import pytest

from schemas import events as ev
from schemas.events import Message
from tests.contract.realtime.caller import RealtimeCaller
from tests.contract.realtime.client_messages import ANSWER, CREATE, QUESTION, message


def test_a_typed_message_waits_for_a_response_to_be_asked_for() -> None:
    c = RealtimeCaller()
    c.send(message(QUESTION, item={"id": "mine"}))
    assert c.kinds[1:] == ["conversation.item.added", "conversation.item.done"]
    assert c.last("conversation.item.added")["item"]["id"] == "mine"
    assert not c.r.events(ev.TurnTaken)
    c.send(CREATE)
    assert c.r.events(ev.TurnTaken)[-1].messages == (Message("user", QUESTION),)
    c.answers(ANSWER)
    c.quiet(1500)
    assert c.last("response.done")["response"]["status"] == "completed"


def test_items_have_a_place_and_can_be_retrieved_and_deleted() -> None:
    c = RealtimeCaller()
    c.send(message("Two.", item={"id": "two"}))
    c.send(message("Three.", "assistant", item={"id": "three"}))
    c.send(message("One.", item={"id": "one"}, previous_item_id="root"))
    c.send(message("After two.", item={"id": "four"}, previous_item_id="two"))
    texts = [one.text for one in c.r.call.history.messages]
    assert texts == ["One.", "Two.", "After two.", "Three."]
    assert c.last("conversation.item.added")["previous_item_id"] == "two"
    c.send({"type": "conversation.item.retrieve", "item_id": "two"})
    assert c.last("conversation.item.retrieved")["item"]["content"][0]["text"] == "Two."
    c.send({"type": "conversation.item.delete", "item_id": "two"})
    assert c.last("conversation.item.deleted")["item_id"] == "two"
    assert [one.text for one in c.r.call.history.messages] == ["One.", "After two.", "Three."]
    c.send({"type": "conversation.item.retrieve", "item_id": "two"})
    c.send({"type": "conversation.item.delete", "item_id": "two"})
    c.send(message("Again.", item={"id": "one"}))
    c.send(message("Lost.", previous_item_id="nobody"))
    assert c.errors == [
        "item_retrieve_invalid_item_id",
        "item_delete_invalid_item_id",
        "item_create_duplicate_item_id",
        "item_create_invalid_previous_item_id",
    ]


def test_spoken_items_can_be_deleted_and_leave_the_prompt() -> None:
    c = RealtimeCaller()
    c.turn(QUESTION, ANSWER)
    asked = c.last("input_audio_buffer.committed")["item_id"]
    answer = c.last("response.done")["response"]["output"][0]["id"]
    c.send({"type": "conversation.item.delete", "item_id": asked})
    c.send({"type": "conversation.item.delete", "item_id": answer})
    assert c.r.call.history.messages == []


@pytest.mark.parametrize(
    ("item", "param"),
    [
        ({"type": "message", "role": "user", "content": []}, "item.content"),
        ({"type": "message", "role": "boss", "content": [{}]}, "item.role"),
        ({"type": "song"}, "item.type"),
        (None, "item"),
        (
            {"type": "message", "role": "user", "content": [{"type": "input_image"}]},
            "item.content[0].type",
        ),
        (
            {"type": "message", "role": "user", "content": [{"type": "input_audio", "audio": ""}]},
            "item.content[0]",
        ),
    ],
)
def test_an_item_that_cannot_be_is_refused_with_its_place(item: Any, param: str) -> None:
    c = RealtimeCaller()
    c.send({"type": "conversation.item.create", "event_id": "e", "item": item})
    error = c.last("error")["error"]
    assert (error["param"], error["event_id"]) == (param, "e")
    assert error["type"] == "invalid_request_error"
