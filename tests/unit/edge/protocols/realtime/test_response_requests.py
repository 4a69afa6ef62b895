"""Requests for responses: their parameters, and when they are refused or wait for results."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from edge.core.messages.client_commands import Ask, ClientCommand
from edge.core.messages.client_events import (
    CallsDone,
    ClientEvent,
    ClientToolCalled,
    ResponseDone,
    ResponseDropped,
    ResponseStarted,
    Speech,
)
from edge.core.messages.inputs import Cancelled, ClientToolResult
from edge.protocols.realtime.items import Item
from edge.protocols.realtime.response_requests import (
    MOST_INPUT_BYTES,
    MOST_WAITING_REQUESTS,
    ResponseRequests,
)
from edge.protocols.realtime.responses import RequestedResponse
from edge.protocols.realtime.server_events import ServerEvents
from edge.protocols.realtime.session_object import SessionObject
from edge.protocols.realtime.wire import Ids, RequestError
from schemas.events import Message

HI = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi."}]}


class Desk:
    """A connection that takes requests for responses."""

    def __init__(self, **session: Any) -> None:
        self.server_events = ServerEvents(Ids("0"), msgspec.convert(session, SessionObject))
        self.requests = ResponseRequests(self.server_events)

    def create(self, **params: Any) -> list[ClientCommand]:
        return self.requests.create({"response": params})

    def ask(self, **params: Any) -> Ask:
        (ask,) = self.create(**params)
        assert isinstance(ask, Ask)
        return ask

    def calls(self, *names: str) -> None:
        for name in names:
            self.server_events.calls.add(ClientToolCalled(name, "weather", "{}"))

    def results(self, *names: str) -> None:
        for name in names:
            assert self.server_events.calls.answer(ClientToolResult(name, "sunny"))


def refused(desk: Desk, **params: Any) -> tuple[str, str | None]:
    with pytest.raises(RequestError) as error:
        desk.create(**params)
    return error.value.code, error.value.param


# ---------------------------------------------------------------- parameters


@pytest.mark.parametrize(
    ("params", "changes"),
    [
        ({}, {}),
        ({"instructions": "Be brief."}, {"response.system_prompt": "Be brief."}),
        ({"instructions": ""}, {}),
        ({"output_modalities": ["text"]}, {"voice.delivery": "text"}),
        ({"output_modalities": ["audio"]}, {"voice.delivery": "chunks"}),
        ({"modalities": ["text", "audio"]}, {"voice.delivery": "chunks"}),
        ({"output_modalities": ["text"], "modalities": ["audio"]}, {"voice.delivery": "text"}),
        ({"max_output_tokens": 9}, {"response.max_tokens": 9}),
        ({"max_output_tokens": "inf"}, {}),
        ({"tool_choice": "none"}, {"tool_use.max_steps": 0}),
        ({"tool_choice": {"type": "function", "name": "f"}}, {"tool_use.choice": "f"}),
    ],
)
def test_a_response_changes_only_what_it_asks_for(
    params: dict[str, Any], changes: dict[str, Any]
) -> None:
    ask = Desk().ask(**params)
    assert (ask.changes, ask.messages, ask.in_conversation) == (changes, None, True)


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"output_modalities": []}, "response.output_modalities"),
        ({"output_modalities": ["video"]}, "response.output_modalities[0]"),
        ({"conversation": "other"}, "response.conversation"),
        ({"max_output_tokens": 0}, "response.max_output_tokens"),
        ({"metadata": {"k" * 65: "v"}}, None),
        ({"metadata": {str(number): "v" for number in range(17)}}, "response.metadata"),
        ({"input": [HI] * 501}, "response.input"),
        ({"input": [HI, "Hi."]}, "response.input[1]"),
        ({"input": [{"type": "item_reference", "id": "x"}]}, "item_id"),
    ],
)
def test_a_wrong_parameter_is_refused_at_its_place(
    params: dict[str, Any], param: str | None
) -> None:
    desk = Desk()
    where = refused(desk, **params)[1]
    assert where == param or param is None
    assert desk.server_events.asks == {}


def test_a_request_without_parameters_asks_for_the_usual_response() -> None:
    desk = Desk(output_modalities=["text"])
    (ask,) = desk.requests.create({})
    assert isinstance(ask, Ask)
    assert desk.server_events.asks == {ask.ask: RequestedResponse("text")}


def long_input(size_bytes: int) -> list[dict[str, Any]]:
    """Return items with so many bytes of text together, of characters with two bytes."""
    sizes = [30_000] * (size_bytes // 60_000) + [size_bytes % 60_000 // 2]
    texts = ["\u00e9" * size for size in sizes]
    return [{**HI, "content": [{"type": "input_text", "text": text}]} for text in texts]


def test_other_messages_that_are_too_long_together_are_refused_and_nothing_is_lost() -> None:
    desk = Desk(audio={"input": {"turn_detection": None}})
    desk.calls("call_1")
    desk.server_events.calls.wait_no_more()
    desk.results("call_1")
    too_long = ("invalid_value", "response.input")
    assert refused(desk, input=long_input(MOST_INPUT_BYTES + 2)) == too_long
    assert not desk.server_events.asks
    result, ask = desk.create(input=long_input(MOST_INPUT_BYTES))
    assert result == ClientToolResult("call_1", "sunny")
    assert isinstance(ask, Ask)
    assert sum(len(one.text.encode()) for one in ask.messages or ()) == MOST_INPUT_BYTES


def test_the_response_may_use_other_messages_than_the_conversation() -> None:
    desk = Desk()
    answer = {"id": "a", "role": "assistant", "content": [{"transcript": "Fine."}]}
    desk.server_events.items.add(Item({**answer, "type": "message"}))
    reference = {"type": "item_reference", "id": "a"}
    system = {**HI, "role": "system", "content": [{"type": "input_text", "text": "Be kind."}]}
    ask = desk.ask(conversation="none", input=[HI, reference, system], metadata={"k": "v"})
    assert ask.messages == (
        Message("user", "Hi."),
        Message("assistant", "Fine."),
        Message("user", "Be kind."),
    )
    assert not ask.in_conversation
    assert desk.server_events.asks == {
        ask.ask: RequestedResponse("audio", {"k": "v"}, in_conversation=False)
    }


# ---------------------------------------------------------------- one at a time


def test_a_transcription_session_has_no_responses() -> None:
    assert refused(Desk(type="transcription")) == ("invalid_value", "type")


def test_the_conversation_has_one_response_at_a_time() -> None:
    desk = Desk()
    ask = desk.ask()
    busy = "conversation_already_has_active_response"
    assert refused(desk)[0] == busy, "it has not started yet"
    desk.server_events.messages(ResponseStarted(1, ask.ask))
    assert refused(desk)[0] == busy, "it is in progress"
    assert not desk.ask(conversation="none").in_conversation, "another one beside it"


def test_a_few_responses_beside_the_conversation_may_wait() -> None:
    desk = Desk()
    for _ in range(MOST_WAITING_REQUESTS):
        desk.ask(conversation="none")
    assert refused(desk, conversation="none")[0] == "rate_limit_exceeded"


# ---------------------------------------------------------------- results of calls


def test_results_are_handed_over_and_the_response_goes_on_by_itself() -> None:
    desk = Desk()
    desk.calls("call_1")
    desk.results("call_1")
    assert desk.create() == [ClientToolResult("call_1", "sunny")]
    assert list(desk.server_events.asks) == [desk.server_events.calls.follow_up]


def test_while_a_result_is_missing_the_response_waits_for_it() -> None:
    desk = Desk()
    desk.calls("call_1", "call_2")
    desk.results("call_1")
    assert desk.create() == [ClientToolResult("call_1", "sunny")]
    assert desk.server_events.calls.follow_up


def test_a_result_of_an_earlier_turn_precedes_a_response_that_is_asked_for() -> None:
    manual = {"audio": {"input": {"turn_detection": None}}}
    desk = Desk(**manual)
    desk.calls("call_1")
    desk.server_events.calls.wait_no_more()
    desk.results("call_1")
    result, ask = desk.create()
    assert result == ClientToolResult("call_1", "sunny")
    assert isinstance(ask, Ask)
    assert desk.server_events.calls.follow_up == ""


@pytest.mark.parametrize(
    ("detection", "goes_on_by", "handed"),
    [
        (None, ResponseDropped(1, "interrupted"), [ClientToolResult("c1", "sunny")]),
        (None, ResponseStarted(1), []),
        ({"type": "server_vad"}, ResponseStarted(1), []),
    ],
)
def test_a_result_that_comes_too_late_for_its_turn_does_not_hold_a_response_back(
    detection: dict[str, str] | None, goes_on_by: ClientEvent, handed: list[ClientToolResult]
) -> None:
    desk = Desk(audio={"input": {"turn_detection": detection}})
    call = ClientToolCalled("c1", "weather", "{}")
    done = ResponseDone(1, "Sorry.", "m", 0.1, 3, 4)
    for event in (ResponseStarted(1), call, CallsDone(1, 3, 4), goes_on_by, done):
        desk.server_events.messages(event)
    desk.server_events.calls.answer(ClientToolResult("c1", "sunny"))
    *results, ask = desk.create()
    assert results == handed
    assert isinstance(ask, Ask)
    assert not desk.server_events.calls.exist


@pytest.mark.parametrize("words", ["", "Sorry."])
def test_given_words_in_place_of_a_next_step_are_the_response_that_was_asked_for(
    words: str,
) -> None:
    desk = Desk(audio={"input": {"turn_detection": None}})
    call = ClientToolCalled("c1", "weather", "{}")
    for event in (ResponseStarted(1), call, CallsDone(1, 3, 4)):
        desk.server_events.messages(event)
    desk.results("c1")
    assert desk.create(metadata={"k": "v"}) == [ClientToolResult("c1", "sunny")]
    told = desk.server_events.messages(Speech(1, words, b"", ends=True))
    assert [one["response"]["metadata"] for one in told[:1]] == [{"k": "v"}] * bool(words)
    desk.server_events.messages(ResponseDone(1, words, "m", 0.1, 3, 4))
    assert desk.ask()


def test_a_response_beside_the_conversation_leaves_the_results_where_they_are() -> None:
    desk = Desk()
    desk.calls("call_1")
    desk.results("call_1")
    assert not desk.ask(conversation="none").in_conversation
    assert desk.server_events.calls.take_results() == [ClientToolResult("call_1", "sunny")]


# ---------------------------------------------------------------- cancel


def test_the_open_response_is_cancelled_by_its_id_or_without_one() -> None:
    for message in ({}, {"response_id": "open"}):
        desk = Desk()
        desk.server_events.messages(ResponseStarted(1))
        response = desk.server_events.open
        assert response
        if message:
            message["response_id"] = response.id
        assert desk.requests.cancel(message) == [Cancelled()]
        assert response.is_cancelled


@pytest.mark.parametrize("message", [{}, {"response_id": "resp_other"}, {"response_id": 7}])
def test_without_that_response_there_is_nothing_to_cancel(message: dict[str, Any]) -> None:
    desk = Desk()
    if message:
        desk.server_events.messages(ResponseStarted(1))
    with pytest.raises(RequestError) as error:
        desk.requests.cancel(message)
    assert error.value.code == "response_cancel_not_active"
