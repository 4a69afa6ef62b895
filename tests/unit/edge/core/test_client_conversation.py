"""A client that edits the conversation and asks for responses."""

from __future__ import annotations

from typing import Any

import pytest

from edge.core.messages.client_events import (
    ResponseDropped,
    ResponseRefused,
    ResponseStarted,
    Speech,
)
from edge.core.messages.inputs import (
    Cancelled,
    Commanded,
    ItemAdded,
    ItemRemoved,
    ResponseRequested,
)
from edge.core.session.history import fold
from schemas import events as ev
from schemas.control import Mute
from schemas.events import Message
from tests.unit.edge.core.client_calls import QUESTION, folded, responding
from tests.unit.edge.core.rehearsal import Rehearsal, config


def test_messages_are_put_where_the_client_wants_them_and_taken_out() -> None:
    r = Rehearsal()
    r.give(ItemAdded("b", "user", "Second."))
    r.give(ItemAdded("c", "assistant", "Third."))
    r.give(ItemAdded("a", "user", "First.", ""))
    r.give(ItemAdded("d", "user", "After the second.", "b"))
    r.give(ItemAdded("d", "user", "The same name.", "b"))
    texts = [one.text for one in r.call.history.messages]
    assert texts == ["First.", "Second.", "After the second.", "Third."]
    r.give(ItemRemoved("b"))
    assert [one.text for one in r.call.history.messages] == texts[:1] + texts[2:]
    assert folded(r) == r.call.history.messages


def test_a_message_that_comes_while_a_response_is_spoken_follows_it() -> None:
    r = responding()
    r.give(ItemAdded("a", "user", "And of Spain?"))
    r.give(ItemAdded("b", "user", "Or of Italy?", "a"))
    r.give(ItemAdded("c", "user", "First of all.", ""))
    r.give(ItemRemoved("b"))
    r.give(ResponseRequested("x"))
    r.quiet(3000)
    texts = ["First of all.", QUESTION, "It is Paris, and it has been for long.", "And of Spain?"]
    assert [one.text for one in r.events(ev.TurnTaken)[-1].messages] == texts
    assert [one.text for one in r.call.history.messages] == texts
    r.give(Cancelled())
    assert folded(r) == r.call.history.messages


def test_a_system_message_is_told_the_model_beside_the_conversation() -> None:
    r = Rehearsal(response__system_prompt="Be brief.")
    r.give(ItemAdded("s", "system", "The caller is called Ada."))
    r.give(ResponseRequested("a"))
    (taken,) = r.events(ev.TurnTaken)
    assert taken.system == "Be brief.\n\nThe caller is called Ada."
    assert taken.messages == ()
    assert fold(r.events(ev.Event)).system("") == "The caller is called Ada."


def test_turns_can_be_removed_too_even_before_their_words_arrive() -> None:
    r = responding()
    r.give(ItemRemoved("response_1"))
    r.quiet(4000)
    assert r.call.history.messages == [Message("user", QUESTION)]
    r.give(ItemRemoved("turn_1"))
    assert r.call.history.messages == []
    assert folded(r) == []


def test_a_response_of_its_own_configuration_and_input_outside_the_conversation() -> None:
    r = Rehearsal()
    r.give(ItemAdded("a", "user", QUESTION))
    own = config("text", response__system_prompt="Classify.", response__max_tokens=5)
    r.give(ResponseRequested("x", own, (Message("user", "Hello."),), in_conversation=False))
    (taken,) = r.events(ev.TurnTaken)
    assert (taken.system, taken.max_tokens, taken.text_only) == ("Classify.", 5, True)
    assert taken.messages == (Message("user", "Hello."),)
    r.answers("greeting")
    r.quiet(40)
    told = [(one.text, one.pcm, one.ends) for one in r.told(Speech)]
    assert told == [("greeting", b"", False), ("", b"", True)]
    assert r.call.history.messages == [Message("user", QUESTION)]
    assert folded(r) == r.call.history.messages


def test_responses_that_are_asked_for_come_one_after_the_other() -> None:
    r = responding()
    r.give(ResponseRequested("a"))
    r.give(ResponseRequested("b"))
    assert len(r.events(ev.TurnTaken)) == 1
    r.quiet(3000)
    assert [one.ask for one in r.told(ResponseStarted)] == ["", "a"]
    r.answers("More.")
    r.speaks(0, 100)
    r.quiet(500)
    assert [one.ask for one in r.told(ResponseStarted)] == ["", "a", "b"]


def test_a_text_response_is_read_sentence_by_sentence_and_remembered() -> None:
    r = Rehearsal("text")
    r.give(ItemAdded("a", "user", QUESTION))
    r.give(ResponseRequested("x"))
    r.answers("It is Paris.", "It has been for long.")
    r.quiet(40)
    assert [one.text for one in r.told(Speech)] == ["It is Paris.", " It has been for long.", ""]
    answer = "It is Paris. It has been for long."
    assert r.call.history.messages[-1] == Message("assistant", answer)
    assert folded(r) == r.call.history.messages


def test_a_text_response_that_is_cancelled_is_remembered_as_far_as_it_came() -> None:
    r = Rehearsal("text")
    r.give(ItemAdded("a", "user", QUESTION))
    r.give(ResponseRequested("x"))
    sentence: dict[str, Any] = {
        "first_token_ms": 1.0,
        "took_ms": 1.0,
        "model": "m",
        "deadline_ms": 0,
    }
    r.event(ev.ResponseSentence, turn=1, index=0, text="It is Paris.", **sentence)
    r.give(Cancelled())
    assert r.told(ResponseDropped) == [ResponseDropped(1, "interrupted")]
    assert r.call.history.messages[-1] == Message("assistant", "It is Paris.")


@pytest.mark.parametrize("muted", [Mute("assistant"), Mute("caller")])
def test_a_requested_response_that_an_operator_prevents_is_refused(muted: Mute) -> None:
    r = responding()
    r.give(ResponseRequested("ask_1"))
    r.give(Commanded("c1", "sam", muted))
    r.quiet(3000)
    assert r.told(ResponseRefused) == [ResponseRefused("ask_1")]
    assert [one.ask for one in r.told(ResponseStarted)] == [""]


def test_a_response_requested_of_a_muted_assistant_is_refused_until_the_mute_ends() -> None:
    r = Rehearsal()
    r.give(Commanded("c1", "sam", Mute("assistant")))
    r.give(ResponseRequested("ask_1"))
    assert r.told(ResponseRefused) == [ResponseRefused("ask_1")]
    r.give(Commanded("c2", "sam", Mute("assistant", muted=False)))
    r.give(ResponseRequested("ask_2"))
    assert [one.ask for one in r.told(ResponseStarted)] == ["ask_2"]
