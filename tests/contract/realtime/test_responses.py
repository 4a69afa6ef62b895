"""Responses with settings of their own, in the conversation and beside it."""

from __future__ import annotations

from schemas import events as ev
from schemas.events import Message
from tests.contract.realtime.caller import RealtimeCaller
from tests.contract.realtime.client_messages import ANSWER, CREATE, QUESTION, message


def test_a_response_has_its_own_instructions_limit_modality_and_metadata() -> None:
    c = RealtimeCaller()
    own = {
        "instructions": "Say one word.",
        "max_output_tokens": 7,
        "output_modalities": ["text"],
        "metadata": {"client_event_id": "x1"},
    }
    c.send({"type": "response.create", "response": own})
    taken = c.r.events(ev.TurnTaken)[-1]
    assert (taken.system, taken.max_tokens, taken.text_only) == ("Say one word.", 7, True)
    c.answers("Yes.")
    assert c.kinds[1:] == [
        "response.created",
        "response.output_item.added",
        "conversation.item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
    ]
    assert c.last("response.created")["response"]["metadata"] == {"client_event_id": "x1"}
    assert c.last("response.output_item.done")["item"]["content"] == [
        {"type": "output_text", "text": "Yes."}
    ]
    c.quiet(100)
    c.send(CREATE)
    assert c.r.events(ev.TurnTaken)[-1].system == "Be kind."


def test_a_response_out_of_band_has_its_own_input_and_is_not_remembered() -> None:
    c = RealtimeCaller()
    c.send(message(QUESTION, item={"id": "mine"}))
    own = {
        "conversation": "none",
        "output_modalities": ["text"],
        "metadata": {"topic": "classify"},
        "input": [{"type": "item_reference", "id": "mine"}, message("In one word.")["item"]],
    }
    c.send({"type": "response.create", "response": own})
    assert [one.text for one in c.r.events(ev.TurnTaken)[-1].messages] == [QUESTION, "In one word."]
    c.answers("geography")
    c.quiet(100)
    done = c.last("response.done")["response"]
    assert (done["conversation_id"], done["metadata"]) == (None, {"topic": "classify"})
    assert len(c.of("conversation.item.added")) == 1
    assert c.r.call.history.messages == [Message("user", QUESTION)]


def test_a_second_response_of_the_conversation_is_refused_and_one_beside_it_waits() -> None:
    c = RealtimeCaller()
    c.turn(QUESTION)
    c.send({**CREATE, "event_id": "second"})
    error = c.last("error")["error"]
    assert error["code"] == "conversation_already_has_active_response"
    assert error["event_id"] == "second"
    c.send({"type": "response.create", "response": {"conversation": "none"}})
    assert len(c.of("response.created")) == 1
    c.answers(ANSWER)
    c.quiet(1500)
    assert len(c.of("response.created")) == 2


def test_a_session_of_text_speaks_no_word() -> None:
    c = RealtimeCaller()
    session = {"type": "realtime", "output_modalities": ["text"]}
    c.send({"type": "session.update", "session": session})
    c.turn(QUESTION)
    assert c.r.events(ev.TurnTaken)[-1].text_only
    c.r.answers("It is Paris.", "It has been for long.")
    c.quiet(100)
    assert c.last("response.output_text.done")["text"] == "It is Paris. It has been for long."
    assert not c.of("response.output_audio.delta")
