"""What an operator may read of a call."""

from __future__ import annotations

import json
import typing

import msgspec
import pytest

from aura.cli.console.readable import HIDDEN, WORDLESS, Readable
from runtime.sessions.timeline import moments
from runtime.text.redaction import Redaction
from schemas import events as ev
from schemas.control import Say
from schemas.events import Head, Message, own_fields
from schemas.session_config import SessionConfig
from tests.neutral import taken

HEAD: Head = {"tenant": "acme", "session": "s_1", "at_ms": 1_000}
SECRET = "xyzzy"
SPOKEN: list[ev.AnyEvent] = [
    ev.SessionStarted(
        **HEAD,
        user="u",
        protocol="continuous",
        edge="e",
        config=SessionConfig().but({"response.system_prompt": SECRET, "response.greeting": SECRET}),
    ),
    ev.TranscriptGuess(
        **HEAD, utterance=1, pause=1, text=SECRET, confidence=1.0, took_ms=1.0, model="m"
    ),
    taken(**HEAD, system=SECRET, messages=(Message("user", SECRET),), llm_model="m"),
    ev.TurnCommitted(**HEAD, turn=1, text=SECRET, confidence=1.0, speculative=False),
    ev.ToolCalled(
        **HEAD, turn=1, step=0, call=0, name="n", arguments=SECRET, model="m", took_ms=1.0
    ),
    ev.ToolReturned(**HEAD, turn=1, step=0, call=0, name="n", result=SECRET, took_ms=1.0),
    ev.ToolFailed(**HEAD, turn=1, step=0, call=0, name="n", reason="invalid", detail=SECRET),
    ev.ResponseSentence(
        **HEAD, turn=1, index=0, text=SECRET, first_token_ms=1, took_ms=1, model="m", deadline_ms=0
    ),
    ev.AnswerHeard(**HEAD, turn=1, text=SECRET, complete=True, played_ms=1),
    ev.KeysPressed(**HEAD, keys=SECRET),
    ev.ControlReceived(**HEAD, command_id="c", by="operator", command=Say(SECRET)),
    ev.MessageAdded(**HEAD, key="k", role="user", text=SECRET),
]


def shown(readable: Readable, event: ev.AnyEvent) -> str:
    moment = readable.moment(moments([event])[0])
    fields = own_fields(msgspec.to_builtins(event))
    return json.dumps([moment, readable.fields(fields)], default=str)


@pytest.mark.parametrize("event", SPOKEN, ids=lambda event: event.__struct_config__.tag)
def test_hidden_words_are_nowhere(event: ev.AnyEvent) -> None:
    assert SECRET in shown(Readable(Redaction(), words=True), event)
    readable = shown(Readable(Redaction(), words=False), event)
    assert SECRET not in readable
    assert HIDDEN in readable


def test_each_event_without_words_is_an_event() -> None:
    tags = {str(event_type.__struct_config__.tag) for event_type in typing.get_args(ev.AnyEvent)}
    assert WORDLESS - tags == {"answer.sent"}, "which the timeline derives"


def test_redaction_also_masks_older_recordings() -> None:
    readable = Readable(Redaction.of("numbers"), words=True)
    event = ev.TurnCommitted(
        **HEAD, turn=1, text="It is 4929 1234.", confidence=1, speculative=False
    )
    assert "[number]" in shown(readable, event)
    assert "4929" not in shown(readable, event)


def test_a_long_history_is_cut_and_says_so() -> None:
    lines = [{"role": "user", "text": str(k)} for k in range(9)]
    fields = Readable(Redaction(), words=True).fields({"messages": lines, "settings": {"a": "b"}})
    assert [message["text"] for message in fields["messages"]] == ["5", "6", "7", "8"]
    assert fields["earlier_messages"] == 5
    assert "settings" not in fields
