"""Options that several commands share."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from aura.cli.call import options
from aura.cli.options import agent_query, one_id
from aura.cli.running import CommandError
from aura.client import socket_url


def test_an_agent_and_its_variables_are_options_of_the_query() -> None:
    asked = agent_query("host", ["guest=Ann", "note=a=b"])
    assert asked == {"agent": "host", "variables": '{"guest": "Ann", "note": "a=b"}'}
    assert agent_query("", None) == {}
    address = socket_url("http://h:1", options(greeting=True, more=asked))
    assert parse_qs(urlsplit(address).query)["variables"] == [asked["variables"]]


@pytest.mark.parametrize("pairs", [["guest"], ["guest=Ann", "guest=Bob"]])
def test_a_variable_without_a_value_or_given_twice_is_refused(pairs: list[str]) -> None:
    with pytest.raises(CommandError, match="NAME=VALUE"):
        agent_query("host", pairs)


@pytest.mark.parametrize("name", ["*", ">", "a.b", "a b", "a\n", "tests/call.aura"])
def test_a_wildcard_is_no_id(name: str) -> None:
    assert one_id("s_1") == "s_1"
    with pytest.raises(CommandError, match=r"is no valid id.*aura import"):
        one_id(name)
