"""Commands to a call: the bounds of each, and their form on both ways."""

from __future__ import annotations

import typing
from typing import Any

import msgspec
import pytest

from schemas import codec
from schemas.control import (
    COMMANDS,
    MOST_INSTRUCTION_CHARS,
    MOST_REASON_CHARS,
    MOST_SAID_CHARS,
    AnyCommand,
    CallReply,
    CallRequest,
    CallsReply,
    CallState,
    Command,
    End,
    Instruct,
    Interrupt,
    Mute,
    Say,
    Transfer,
)

STATE = CallState(
    session="s",
    tenant="t",
    user="u",
    protocol="x",
    agent="anna@3",
    edge="e",
    since_ms=1,
    turns=2,
    state="idle",
)


def command(**fields: Any) -> AnyCommand:
    found: AnyCommand = msgspec.json.decode(msgspec.json.encode(fields), type=AnyCommand)
    return found


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"action": "say", "text": "Hello."}, Say("Hello.", interruptible=True)),
        ({"action": "instruct", "text": "Be brief."}, Instruct("Be brief.", respond=False)),
        ({"action": "interrupt"}, Interrupt()),
        ({"action": "mute"}, Mute("caller", muted=True)),
        (
            {"action": "mute", "side": "assistant", "muted": False},
            Mute("assistant", muted=False),
        ),
        ({"action": "end"}, End("", "")),
        ({"action": "transfer", "agent": "sales"}, Transfer("sales")),
    ],
)
def test_a_command_is_read_with_its_defaults(fields: dict[str, Any], found: Command) -> None:
    assert command(**fields) == found


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"action": "shout", "text": "Hello."},
        {"text": "Hello."},
        {"action": "say"},
        {"action": "say", "text": ""},
        {"action": "say", "text": " \n\t"},
        {"action": "say", "text": "x" * (MOST_SAID_CHARS + 1)},
        {"action": "say", "text": "Hello.", "loud": True},
        {"action": "instruct", "text": "x" * (MOST_INSTRUCTION_CHARS + 1)},
        {"action": "instruct", "text": "x", "respond": "yes"},
        {"action": "mute", "side": "both"},
        {"action": "end", "words": "x" * (MOST_SAID_CHARS + 1)},
        {"action": "end", "reason": "x" * (MOST_REASON_CHARS + 1)},
        {"action": "transfer", "agent": "a b"},
        {"action": "transfer", "agent": ""},
        {"action": "transfer"},
    ],
)
def test_any_other_command_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        command(**fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"action": "say", "text": "x" * MOST_SAID_CHARS},
        {"action": "instruct", "text": "x" * MOST_INSTRUCTION_CHARS},
        {"action": "end", "words": "x" * MOST_SAID_CHARS, "reason": "x" * MOST_REASON_CHARS},
    ],
)
def test_a_text_may_be_as_long_as_its_limit(fields: dict[str, Any]) -> None:
    assert command(**fields)


def test_no_command_is_left_out() -> None:
    assert set(COMMANDS) == set(typing.get_args(AnyCommand)) == set(Command.__subclasses__())


@pytest.mark.parametrize(
    "message",
    [
        CallRequest(tenant="t", by="sam", id="c1", command=Say("Hello.", interruptible=False)),
        CallRequest(),
        CallReply(call=STATE),
        CallReply(fault="call_ending"),
        CallsReply(edge="e", calls=(STATE, STATE)),
    ],
)
def test_a_message_survives_the_bus(message: msgspec.Struct) -> None:
    assert codec.decode_as(type(message), codec.encode(message)) == message
