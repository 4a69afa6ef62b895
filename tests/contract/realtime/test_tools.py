"""Tools of a Realtime client: the model calls them, the client answers, the response goes on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from edge.core.messages.client_events import ClientToolCalled
from schemas import events as ev
from tests.contract.realtime.caller import RealtimeCaller
from tests.contract.realtime.tool_caller import CREATE, TOOL, calls, equipped, goes_on, result


def test_tools_are_told_back_and_offered_to_the_model() -> None:
    c = equipped()
    assert c.last("session.updated")["session"]["tools"] == [TOOL]
    c.turn("Show me the menu.")
    (offered,) = c.r.events(ev.TurnTaken)[-1].tools
    assert (offered.name, offered.description) == ("show_menu", "Show the menu.")
    assert offered.parameters == TOOL["parameters"]


def test_a_call_is_told_in_the_order_that_clients_rely_on() -> None:
    c = equipped()
    c.turn("Show me the menu.")
    before = len(c.told)
    calls(c, '{"page": 1}')
    assert [one["type"] for one in c.told[before:]] == [
        "response.output_item.added",
        "conversation.item.added",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
    ]
    done = c.last("response.function_call_arguments.done")
    assert (done["name"], json.loads(done["arguments"])) == ("show_menu", {"page": 1})
    response = c.last("response.done")["response"]
    assert (response["status"], response["usage"]["total_tokens"]) == ("completed", 10)
    (item,) = response["output"]
    assert (item["type"], item["call_id"]) == ("function_call", done["call_id"])


def test_the_response_goes_on_with_the_result_once_the_client_asks_for_it() -> None:
    c = equipped()
    c.turn("Show me the menu.")
    calls(c, "{}")
    result(c, c.last("response.function_call_arguments.done"), '{"dishes": 3}')
    assert c.last("conversation.item.added")["item"]["type"] == "function_call_output"
    assert len(c.r.events(ev.TurnTaken)) == 1
    c.send({**CREATE, "response": {"metadata": {"client_event_id": "x"}}})
    taken = c.r.events(ev.TurnTaken)[-1]
    assert (taken.step, taken.messages[-1].text) == (1, '{"dishes": 3}')
    assert c.last("response.created")["response"]["metadata"] == {"client_event_id": "x"}
    goes_on(c, "There are three.")
    assert len(c.of("response.created")) == len(c.of("response.done")) == 2
    assert c.last("response.done")["response"]["output"][0]["type"] == "message"
    assert c.r.call.history.messages[-1].text == "There are three."
    assert c.errors == []


def test_two_calls_of_one_response_are_followed_by_one_response() -> None:
    c = equipped()
    c.turn("Show me two pages.")
    calls(c, '{"page": 1}', '{"page": 2}')
    assert len(c.of("response.done")) == 1
    first, second = c.of("response.function_call_arguments.done")
    assert [one["output_index"] for one in (first, second)] == [0, 1]
    result(c, first, "one")
    c.send(CREATE)  # too soon: it waits for the other result
    assert len(c.r.events(ev.TurnTaken)) == 1
    result(c, second, "two")
    assert [one.text for one in c.r.events(ev.TurnTaken)[-1].messages[-2:]] == ["one", "two"]
    assert len(c.of("response.created")) == 2
    goes_on(c, "Done.")
    assert len(c.of("response.created")) == 2


def test_words_before_a_tool_call_belong_to_the_same_response() -> None:
    c = equipped()
    c.turn("Show me the menu.")
    times: dict[str, Any] = {"first_token_ms": 1.0, "took_ms": 1.0, "deadline_ms": 0}
    c.r.event(ev.ResponseSentence, turn=1, index=0, text="One moment.", model="m", **times)
    c.r.speaks(0, 1000)
    calls(c, "{}")
    assert c.of("response.function_call_arguments.done")
    assert not c.of("response.done")
    c.quiet(1500)
    (done,) = c.of("response.done")
    assert {item["type"] for item in done["response"]["output"]} == {"message", "function_call"}
    assert len(c.of("response.created")) == 1


def test_a_result_after_the_caller_went_on_is_told_the_model_all_the_same() -> None:
    c = equipped()
    c.turn("Show me the menu.")
    calls(c, "{}")
    call = c.last("response.function_call_arguments.done")
    c.turn("Never mind. How are you?", "I am well.")
    result(c, call, "the menu")
    c.send(CREATE)
    told = [one.text for one in c.r.events(ev.TurnTaken)[-1].messages]
    assert "the menu" in told
    assert c.errors == []
    assert len(c.of("response.created")) == 3


def test_a_client_may_end_its_own_turns_and_still_have_tools() -> None:
    c = equipped(audio={"input": {"turn_detection": None}})
    content = [{"type": "input_text", "text": "Show me the menu."}]
    item = {"type": "message", "role": "user", "content": content}
    c.send({"type": "conversation.item.create", "item": item})
    c.send(CREATE)
    calls(c, "{}")
    result(c, c.last("response.function_call_arguments.done"), "ok")
    c.send(CREATE)
    goes_on(c, "Here it is.")
    assert len(c.of("response.done")) == 2


def test_a_caller_who_goes_on_over_a_step_leaves_no_response_that_is_waited_for() -> None:
    c = equipped()
    c.turn("Show me the menu.")
    calls(c, "{}")
    result(c, c.last("response.function_call_arguments.done"), "ok")
    c.send(CREATE)
    c.turn("Hello, are you there?")
    c.send({"type": "response.cancel"})
    c.quiet(200)
    c.send(CREATE)
    assert "conversation_already_has_active_response" not in c.errors


def test_calls_of_an_earlier_session_are_told_the_model_in_words() -> None:
    c = RealtimeCaller()
    call = {"type": "function_call", "call_id": "old", "name": "show_menu", "arguments": "{}"}
    c.send({"type": "conversation.item.create", "item": call})
    result(c, call, "three dishes")
    result(c, {"call_id": "unknown"}, "x")
    assert c.errors == ["invalid_value"]
    c.send(CREATE)
    assert "show_menu({}) = three dishes" in c.r.events(ev.TurnTaken)[-1].system


@pytest.mark.parametrize(
    ("tools", "param"),
    [
        ({}, "session.tools"),
        ([{"type": "mcp", "server_label": "x"}], "session.tools[0].type"),
        ([{"type": "function", "name": "no good"}], "session.tools[0].name"),
        ([{"type": "function"}], "session.tools[0].name"),
    ],
)
def test_tools_that_cannot_be_are_refused(tools: Any, param: str) -> None:
    c = RealtimeCaller()
    c.send({"type": "session.update", "session": {"type": "realtime", "tools": tools}})
    assert c.last("error")["error"]["param"] == param


def test_a_call_that_is_told_again_is_one_call() -> None:
    c = equipped()
    c.turn("Show me the menu.")
    calls(c, "{}")
    (told,) = c.r.told(ClientToolCalled)
    assert c.protocol.messages(told) == []
