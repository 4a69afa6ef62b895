"""Messages are found by name, whatever they say, and some are removed before they come."""

from __future__ import annotations

from edge.core.session.message_names import MessageNames, response_key, turn_key
from schemas.events import Message


def named(*texts: str) -> tuple[list[Message], MessageNames]:
    """Return messages that are named as their texts, and their names."""
    messages: list[Message] = []
    names = MessageNames(messages)
    for text in texts:
        names.insert(text, Message("user", text), None)
    return messages, names


def said(messages: list[Message]) -> list[str]:
    return [message.text for message in messages]


def test_a_message_goes_behind_another_to_the_front_or_to_the_end() -> None:
    messages, names = named("a", "b")
    names.insert("c", Message("user", "c"), "a")
    names.insert("d", Message("user", "d"), "")
    names.insert("e", Message("user", "e"), None)
    names.insert("f", Message("user", "f"), "nobody")
    assert said(messages) == ["d", "a", "c", "b", "e", "f"]


def test_of_two_that_say_the_same_the_named_one_is_meant() -> None:
    messages, names = named("x")
    names.insert("again", Message("user", "x"), None)
    names.remove("again")
    assert said(messages) == ["x"]
    assert "x" in names
    assert "again" not in names


def test_a_message_is_reworded_and_removed_where_nothing_is_left_of_it() -> None:
    messages, names = named("a", "b")
    names.reword("a", "less")
    names.reword("b", "")
    names.reword("nobody", "else")
    assert said(messages) == ["less"]
    assert messages[0].role == "user"


def test_a_message_that_is_removed_before_it_comes_does_not_stay() -> None:
    messages, names = named()
    names.remove("late")
    message = Message("user", "late")
    messages.append(message)
    names.give("late", message)
    assert messages == []
    messages.append(message)
    names.give("late", message)  # the next one of that name does
    assert said(messages) == ["late"]


def test_a_turn_and_its_response_have_names_of_their_own() -> None:
    assert (turn_key(7), response_key(7)) == ("turn_7", "response_7")
