from __future__ import annotations

import random

import pytest

from edge.core.messages.client_commands import Audio, Begin, EndSession
from edge.core.messages.client_events import (
    Interrupted,
    Notice,
    SessionClosed,
    SessionOpened,
    Speech,
)
from edge.core.messages.inputs import KeyPressed, Played
from edge.protocols.client_protocol import Handshake
from edge.protocols.sip import SIP_FORMAT, SipProtocol


def protocol(**query: str) -> SipProtocol:
    return SipProtocol(Handshake("conn_0", query))


def test_a_call_begins_with_a_greeting_and_the_agent_of_the_number() -> None:
    (begin,) = protocol(dialled="5551234").opened()
    assert begin == Begin({"voice.delivery": "chunks"}, greeting=True, agent_hint="5551234")
    (begin,) = protocol(agent="desk", variables='{"name": "Ada"}').opened()
    assert isinstance(begin, Begin)
    assert (begin.agent, begin.variables) == ("desk", {"name": "Ada"})


def test_messages_of_the_line_become_commands() -> None:
    line = protocol()
    assert line.receive(b"\x01\x02") == [Audio(b"\x01\x02", SIP_FORMAT)]
    assert line.receive("key 5") == [KeyPressed("5")]
    assert line.receive("bye") == [EndSession(close=True)]
    assert line.played(3, 400, ends=True) == [Played(3, 400)]


@pytest.mark.parametrize("frame", ["", "key ", "key 55", "key x", "BYE", "key é"])
def test_frames_with_anything_else_are_no_commands(frame: str) -> None:
    assert protocol().receive(frame) == []


def test_a_telephone_is_told_nothing_in_messages() -> None:
    line = protocol()
    for event in (SessionOpened("s_1"), SessionClosed(), Notice("CODE", "message", "details")):
        assert line.messages(event) == []
    assert line.messages(Speech(1, "Hello.", bytes(320), ends=True)) == []
    assert line.messages(Interrupted(1, "Hello.", 20)) == []


def test_hostile_words_are_survived() -> None:
    dice = random.Random(4)
    line = protocol(agent="\ud800", variables="{", dialled="x" * 10_000)
    assert line.opened()
    for _ in range(2000):
        text = "".join(chr(dice.randrange(0x2FF)) for _ in range(dice.randrange(12)))
        line.receive(text)
        line.receive(dice.randbytes(dice.randrange(50)))


def test_audio_of_the_line_is_known_before_other_messages() -> None:
    assert protocol().receive_audio(b"\x01\x02") == [Audio(b"\x01\x02", SIP_FORMAT)]
    assert protocol().receive_audio("key 5") is None
