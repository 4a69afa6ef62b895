"""Whatever a client sends, a protocol answers in its own words and never raises."""

from __future__ import annotations

import json
import random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.soak import hostile
from benchmarks.soak.hostile_events import twilio
from edge.core.messages.client_commands import Audio, Begin, ClientCommand, EndSession, Reply
from edge.core.messages.inputs import ClientToolResult, KeyPressed, Played, Typed
from edge.protocols import PROTOCOLS
from edge.protocols.client_protocol import ClientProtocol, Handshake
from tests.unit.edge.protocols.connected import Listener
from tests.unit.edge.protocols.test_twilio import (
    KIND,
    key,
    mark,
    media,
    said,
    spoken,
    start,
    streaming,
)

CODES = {
    "conversational": {
        "INVALID_JSON",
        "UNKNOWN_TYPE",
        "NO_SESSION",
        "INVALID_OPTION",
        "PROCESSING_ERROR",
        "INVALID_TOOL_RESULT",
    },
    "continuous": {
        "INVALID_JSON",
        "UNKNOWN_TYPE",
        "INVALID_TEXT",
        "INVALID_OPTION",
        "AUDIO_ERROR",
        "INVALID_TOOL_RESULT",
    },
    "realtime": {"invalid_json", "invalid_value", "unknown_parameter", "rate_limit_exceeded"},
    "twilio": set(),
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
KEYS = st.sampled_from(
    (
        "type audio_data timestamp text stream language eagerness silence_ms rate format "
        "call_id result error x"
    ).split()
)
KINDS = st.sampled_from(
    "start_conversation audio_chunk end_conversation end_call ping text tool_result".split()
)
FRAMES = (
    st.text()
    | st.binary()
    | JSON.map(json.dumps)
    | st.dictionaries(KEYS, JSON | KINDS).map(json.dumps)
    | st.tuples(KINDS, st.dictionaries(KEYS, JSON)).map(
        lambda made: json.dumps({**made[1], "type": made[0]})
    )
)
SURROGATES = st.text(st.characters(categories=["Cs"]) | st.characters(), min_size=1, max_size=9)


def every(query: dict[str, str] | None = None) -> list[ClientProtocol]:
    handshake = Handshake(connection="conn_0", query=query or {})
    return [kind(handshake) for kind in PROTOCOLS.values()]


class Checked:
    """A connection of which every frame's commands are checked."""

    def __init__(self, protocol: ClientProtocol) -> None:
        self.protocol = protocol
        self._listener = Listener()

    def receive(self, frame: str | bytes) -> None:
        commands = self.protocol.receive(frame)
        for command in commands:
            self.check(command)
        assert len(self._listener.hear(commands)) % 2 == 0

    def check(self, command: object) -> None:
        assert isinstance(command, Begin | EndSession | Reply | Audio | Typed | ClientToolResult)
        if isinstance(command, Typed):
            assert command.text.encode()
        if isinstance(command, ClientToolResult):
            assert command.call.encode()
            assert isinstance(command.result.encode(), bytes)
        if isinstance(command, Reply):
            said: dict[str, Any] = json.loads(msgspec.json.encode(command.message))
            assert said["type"] in {"error", "pong", "connection_established"}
            if said["type"] == "error":
                error = said.get("error", said)
                assert error["code"] in CODES[self.protocol.name]
                assert isinstance(error["message"], str)


@settings(max_examples=min(120, 5 * settings().max_examples))
@given(st.lists(FRAMES, max_size=6))
def test_any_frames_in_any_order_are_answered(frames: list[str | bytes]) -> None:
    for protocol in every():
        connection = Checked(protocol)
        for frame in frames:
            connection.receive(frame)


@given(st.dictionaries(KEYS | st.text(), st.text() | st.integers().map(str), max_size=6))
def test_any_query_is_answered(query: dict[str, str]) -> None:
    for protocol in every(query):
        for command in protocol.opened():
            Checked(protocol).check(command)


@given(SURROGATES, st.sampled_from(["ping", "text", "x", "start_conversation"]))
def test_half_a_surrogate_pair_anywhere_is_answered_with_text_that_can_be_encoded(
    text: str, kind: str
) -> None:
    sent = {"timestamp": text, "text": text, "language": text, "eagerness": text}
    for protocol in every():
        protocol.receive('{"type": "start_conversation"}')
        for message in ({**sent, "type": kind}, {**sent, "type": text}):
            Checked(protocol).receive(json.dumps(message))


@pytest.mark.parametrize("begun", [False, True])
def test_the_hostile_corpus_is_answered(begun: bool) -> None:
    for protocol in every():
        connection = Checked(protocol)
        for frame in hostile.for_sockets(seed=1, count=1000):
            if begun:
                protocol.receive('{"type": "start_conversation"}')
            connection.receive(frame)
            if isinstance(frame, str) and not begun:
                assert len(protocol.receive(frame)) <= 1


ROUNDS = 3000
"""Of three hostile messages of Twilio's each."""
HONEST = [
    start(token="t"),
    media(b"\xff" * 160),
    mark("1.1"),
    key("5"),
    said("stop", stop={}),
    '{"event": "connected"}',
]


def test_any_message_of_twilios_is_understood_or_left_without_an_answer() -> None:
    rng, p = random.Random(4), streaming()
    listener = Listener()
    for number, frame in enumerate(hostile.for_sockets(seed=3, count=ROUNDS)):
        mine = json.dumps(twilio(rng, HONEST))
        for one in (frame, mine, mine[: rng.randrange(len(mine))]):
            commands: list[ClientCommand] = p.receive(one)
            assert all(isinstance(c, Audio | Played | KeyPressed | EndSession) for c in commands)
            assert len(listener.hear(commands)) % 2 == 0
            fresh = KIND(Handshake(connection="conn_0"))
            assert isinstance(fresh.first_message(one), str | None)
        if number % 100 == 0:  # and a good call goes on
            assert p.receive(mark(spoken(p, number, 20))) == [Played(number, 20)]
