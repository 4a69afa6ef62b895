"""A client asks for an agent and brings variables, in either protocol."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.messages.client_commands import Begin, Reply
from edge.protocols.agent_options import AGENT_EXPECTED, RequestedAgent, agent_options
from edge.protocols.client_protocol import Handshake
from edge.protocols.continuous import ContinuousProtocol
from edge.protocols.conversational import ConversationalProtocol


def test_nothing_is_asked_for() -> None:
    assert agent_options({}) == (RequestedAgent(), [])
    assert agent_options({"agent": "", "variables": ""}) == (RequestedAgent(), [])


def test_variables_are_an_object_or_its_json() -> None:
    wanted = RequestedAgent("host", {"guest": "Ann"})
    assert agent_options({"agent": "host", "variables": {"guest": "Ann"}}) == (wanted, [])
    assert agent_options({"agent": "host", "variables": '{"guest": "Ann"}'}) == (wanted, [])


@pytest.mark.parametrize(
    "variables",
    [
        "Ann",
        "[1]",
        "{",
        "[" * 100_000,
        ["a"],
        5,
        {"a": 1},
        {"a": None},
        {"a b": "x"},
        {"": "x"},
        {"a": "x" * 4001},
        {f"v{k}": "" for k in range(65)},
    ],
)
def test_variables_that_cannot_be_are_told(variables: Any) -> None:
    assert agent_options({"variables": variables}) == (RequestedAgent(), [AGENT_EXPECTED])


def test_an_agent_that_is_no_word_is_told() -> None:
    assert agent_options({"agent": ["x"]}) == (RequestedAgent(), ["agent must be a name"])
    assert len(agent_options({"agent": "x" * 1000})[0].name) < 100


@given(st.dictionaries(st.sampled_from(["agent", "variables"]), st.text() | st.integers()))
def test_any_value_is_accepted_or_reported(given: dict[str, Any]) -> None:
    asked, wrong = agent_options(given)
    assert all(isinstance(value, str) for value in asked.variables.values())
    assert len(wrong) <= 2


def test_the_query_of_the_continuous_protocol() -> None:
    query = {"agent": "host", "variables": '{"guest": "Ann"}'}
    begin, *errors = ContinuousProtocol(Handshake("conn_0", query)).opened()
    assert isinstance(begin, Begin)
    assert (begin.agent, begin.variables, errors) == ("host", {"guest": "Ann"}, [])
    begin, error = ContinuousProtocol(Handshake("conn_0", {"variables": "Ann"})).opened()
    assert isinstance(error, Reply)
    assert (error.message["code"], error.message["details"]) == ("INVALID_OPTION", AGENT_EXPECTED)


def test_the_first_message_of_the_conversational_protocol() -> None:
    start = {"type": "start_conversation", "agent": "host", "variables": {"guest": "Ann"}}
    protocol = ConversationalProtocol(Handshake("conn_0"))
    (begin,) = protocol.receive(json.dumps(start))
    assert isinstance(begin, Begin)
    assert (begin.agent, begin.variables) == ("host", {"guest": "Ann"})
    (error,) = protocol.receive(json.dumps({**start, "variables": {"guest": 1}}))
    assert isinstance(error, Reply)
    assert error.message["code"] == "PROCESSING_ERROR"
