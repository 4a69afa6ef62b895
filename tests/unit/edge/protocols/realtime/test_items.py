"""Items of a conversation: which messages are taken, and where an item stands."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.protocols.realtime.items import (
    MOST_ITEM_CHARS,
    MOST_ITEMS,
    Item,
    Items,
    as_json,
    message_item,
    utterance_item,
)
from edge.protocols.realtime.wire import RequestError


def item(name: str, **fields: Any) -> Item:
    return Item({"id": name, "type": "message", "content": []}, **fields)


def items(*names: str) -> Items:
    """Return items of which each is a message with the key k_NAME."""
    found = Items()
    for name in names:
        found.add(item(name, key=f"k_{name}"))
    return found


def text_part(text: str, kind: str = "input_text") -> dict[str, Any]:
    return {"type": kind, "text": text}


def user(*content: Any, **changes: Any) -> dict[str, Any]:
    return {"type": "message", "role": "user", "content": list(content), **changes}


# ---------------------------------------------------------------- messages


@pytest.mark.parametrize(
    ("given_item", "role", "content", "text"),
    [
        (user(text_part("Hi.")), "user", [text_part("Hi.")], "Hi."),
        (user(text_part("Hi."), text_part("You.")), "user", None, "Hi.\nYou."),
        ({"role": "user", "content": [text_part("Hi.")]}, "user", None, "Hi."),
        (user(text_part("Be kind."), role="system"), "system", None, "Be kind."),
        (
            user(text_part("Yes.", "text"), role="assistant"),
            "assistant",
            [text_part("Yes.", "output_text")],
            "Yes.",
        ),
        (user(text_part("Yes.", "output_text"), role="assistant"), "assistant", None, "Yes."),
        (
            user({"type": "input_audio", "transcript": "Hi.", "audio": "AAAA"}),
            "user",
            [{"type": "input_audio", "transcript": "Hi."}],
            "Hi.",
        ),
        (user(text_part("a\ud800b")), "user", [text_part("a?b")], "a?b"),
        (user(text_part("x" * MOST_ITEM_CHARS)), "user", None, "x" * MOST_ITEM_CHARS),
    ],
)
def test_a_message_is_told_back_with_its_words(
    given_item: dict[str, Any], role: str, content: list[Any] | None, text: str
) -> None:
    told, found_role, found_text = message_item(given_item, "item")
    assert (found_role, found_text) == (role, text)
    assert (told["type"], told["role"], told["status"]) == ("message", role, "completed")
    if content is not None:
        assert told["content"] == content


@pytest.mark.parametrize(
    ("given_item", "code", "param"),
    [
        (None, "invalid_type", "item"),
        ("Hi.", "invalid_type", "item"),
        (user(text_part("Hi."), type="function"), "invalid_value", "item.type"),
        (user(text_part("Hi."), type=7), "invalid_type", "type"),
        (user(text_part("Hi."), role="tool"), "invalid_value", "item.role"),
        (user(text_part("Hi."), role=["user"]), "invalid_value", "item.role"),
        ({"content": [text_part("Hi.")]}, "invalid_value", "item.role"),
        (user(), "invalid_value", "item.content"),
        (user(content="Hi."), "invalid_value", "item.content"),
        (user("Hi."), "invalid_type", "item.content[0]"),
        (user(text_part("Hi."), text_part("", "html")), "invalid_value", "item.content[1].type"),
        (user(text_part("Hi.", "output_text")), "invalid_value", "item.content[0].type"),
        (
            user(text_part("Hi."), role="assistant"),
            "invalid_value",
            "item.content[0].type",
        ),
        (user({"type": ["input_text"], "text": "Hi."}), "invalid_value", "item.content[0].type"),
        (user({"type": "input_text"}), "invalid_type", "item.content[0].text"),
        (user({"type": "input_text", "text": 7}), "invalid_type", "item.content[0].text"),
        (
            user({"type": "input_image", "image_url": "x"}),
            "invalid_value",
            "item.content[0].type",
        ),
        (user({"type": "input_audio", "audio": "AAAA"}), "invalid_value", "item.content[0]"),
        (
            user({"type": "input_audio", "transcript": None}),
            "invalid_value",
            "item.content[0]",
        ),
        (user(text_part(" \n")), "invalid_value", "item.content"),
        (user(text_part("x" * (MOST_ITEM_CHARS + 1))), "invalid_value", "item.content"),
        (user(text_part("x" * MOST_ITEM_CHARS), text_part("")), "invalid_value", "item.content"),
    ],
)
def test_any_other_message_is_refused_at_its_wrong_part(
    given_item: object, code: str, param: str
) -> None:
    with pytest.raises(RequestError) as refused:
        message_item(given_item, "item")
    assert (refused.value.code, refused.value.param) == (code, param)


def test_the_words_of_a_refused_message_are_not_repeated() -> None:
    with pytest.raises(RequestError) as refused:
        message_item(user({"type": "input_image", "image_url": "my secret"}), "item")
    assert "secret" not in str(refused.value)


# ---------------------------------------------------------------- the order of items


def test_an_item_is_told_its_predecessor() -> None:
    found = Items()
    assert [found.add(item(name)) for name in "abc"] == [None, "a", "b"]
    assert found.last == "c"
    assert "b" in found
    assert "d" not in found


@pytest.mark.parametrize(
    ("message", "key"),
    [
        ({}, None),
        ({"previous_item_id": None}, None),
        ({"previous_item_id": "c"}, None),  # the last: nothing to move
        ({"previous_item_id": "root"}, ""),
        ({"previous_item_id": "a"}, "k_a"),
    ],
)
def test_a_new_item_follows_the_named_one(message: dict[str, Any], key: str | None) -> None:
    assert items("a", "b", "c").after(message) == key


def test_an_item_without_words_in_the_conversation_is_no_place() -> None:
    found = Items()
    found.add(item("call"))
    found.add(item("b", key="k_b"))
    assert found.after({"previous_item_id": "call"}) is None


@pytest.mark.parametrize("name", ["d", "", 7, ["a"]])
def test_a_place_after_an_unknown_item_is_refused(name: object) -> None:
    with pytest.raises(RequestError) as refused:
        items("a", "b").after({"previous_item_id": name})
    assert refused.value.code == "item_create_invalid_previous_item_id"


@pytest.mark.parametrize(
    ("removed", "last"), [("a", "c"), ("b", "c"), ("c", "b")], ids=["first", "middle", "last"]
)
def test_a_removed_item_is_gone_and_the_one_before_it_may_be_the_last(
    removed: str, last: str
) -> None:
    found = items("a", "b", "c")
    found.remove(found.get({"item_id": removed}, "delete"))
    assert (removed in found, found.last) == (False, last)
    with pytest.raises(RequestError) as refused:
        found.get({"item_id": removed}, "delete")
    assert (refused.value.code, refused.value.param) == ("item_delete_invalid_item_id", "item_id")


def test_without_items_there_is_no_last_one() -> None:
    found = items("a")
    found.remove(found.get({"item_id": "a"}, "delete"))
    assert found.last is None
    assert found.add(item("b")) is None


def test_of_too_many_items_the_oldest_is_forgotten() -> None:
    found = items(*(f"i{number}" for number in range(MOST_ITEMS + 1)))
    assert "i0" not in found
    assert "i1" in found
    assert found.last == f"i{MOST_ITEMS}"


# ---------------------------------------------------------------- calls and speech


def test_a_call_is_found_by_its_call_id() -> None:
    found = items("a")
    call = Item({"id": "c", "type": "function_call", "call_id": "call_1"})
    found.add(call)
    assert found.call("call_1") is call
    assert found.call("call_2") is None


def test_the_speech_of_a_turn_is_the_last_of_its_spoken_items() -> None:
    found = Items()
    first, second = item("a", turn=1, spoken=True), item("b", turn=1, spoken=True)
    for one in (first, second, item("c", turn=1), item("d", turn=2, spoken=True)):
        found.add(one)
    assert found.spoken_in(1) is second
    assert found.spoken_in(3) is None


WORDS = [(0, "It is "), (400, "in Paris, "), (900, "in spring.")]


@pytest.mark.parametrize(
    ("end_ms", "text"),
    [
        (0, ""),
        (1, "It is"),
        (400, "It is"),
        (401, "It is in Paris,"),
        (5000, "It is in Paris, in spring."),
    ],
)
def test_words_from_the_cut_on_are_dropped(end_ms: int, text: str) -> None:
    spoken = item("a", words=list(WORDS), sent_ms=1500)
    spoken.body["content"] = [{"type": "output_audio", "transcript": "all"}]
    spoken.cut(end_ms)
    assert spoken.body["content"][0]["transcript"] == text
    assert spoken.sent_ms == end_ms


@given(st.lists(st.integers(0, 2000), min_size=1, max_size=5))
def test_words_that_were_cut_do_not_come_back(ends_ms: list[int]) -> None:
    often, once = item("a", words=list(WORDS)), item("b", words=list(WORDS))
    for end_ms in ends_ms:
        often.cut(end_ms)
    once.cut(min(ends_ms))
    assert often.words == once.words


def test_a_message_that_was_made_does_not_change_with_its_item() -> None:
    spoken = Item(utterance_item("a"))
    before = as_json(spoken)
    spoken.body["content"][0]["transcript"] = "Hello."
    assert before["content"][0]["transcript"] is None
    assert as_json(spoken)["content"][0]["transcript"] == "Hello."
    assert "content" not in as_json(Item({"id": "c", "type": "function_call"}))
