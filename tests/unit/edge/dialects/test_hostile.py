"""Whatever a client sends, a dialect answers in its own words and never raises."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.soak import hostile
from edge.core.notices import Begin, Finish, Reply, Sound
from edge.protocols.client_protocol import Dialect
from edge.protocols.continuous import ContinuousDialect
from edge.protocols.conversational import ConversationalDialect

CODES = {
    "conversational": {"INVALID_JSON", "UNKNOWN_TYPE", "NO_SESSION", "PROCESSING_ERROR"},
    "continuous": {"INVALID_JSON", "UNKNOWN_TYPE"},
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
KEYS = st.sampled_from("type audio_data timestamp stream language eagerness silence_ms x".split())
KINDS = st.sampled_from("start_conversation audio_chunk end_conversation end_call ping".split())
FRAMES = (
    st.text()
    | st.binary()
    | JSON.map(json.dumps)
    | st.dictionaries(KEYS, JSON | KINDS).map(json.dumps)
    | st.tuples(KINDS, st.dictionaries(KEYS, JSON)).map(
        lambda made: json.dumps({**made[1], "type": made[0]})
    )
)


def both() -> list[Dialect]:
    return [ConversationalDialect("conn_0"), ContinuousDialect()]


def check(dialect: Dialect, frame: str | bytes) -> None:
    for intent in dialect.receive(frame):
        assert isinstance(intent, Begin | Finish | Reply | Sound)
        if isinstance(intent, Sound):
            assert len(intent.pcm) % 2 == 0
        if isinstance(intent, Reply):
            said: dict[str, Any] = json.loads(msgspec.json.encode(intent.message))
            assert said["type"] in {"error", "pong"}
            if said["type"] == "error":
                assert said["code"] in CODES[dialect.name]
                assert isinstance(said["message"], str)


@settings(max_examples=500)
@given(st.lists(FRAMES, max_size=6))
def test_any_frames_in_any_order_are_answered(frames: list[str | bytes]) -> None:
    for dialect in both():
        for frame in frames:
            check(dialect, frame)


@pytest.mark.parametrize("begun", [False, True])
def test_the_hostile_corpus_is_answered(begun: bool) -> None:
    for dialect in both():
        for frame in hostile.for_sockets(seed=1, count=2000):
            if begun:
                dialect.receive('{"type": "start_conversation"}')
            check(dialect, frame)
            if isinstance(frame, str) and not begun:
                assert len(dialect.receive(frame)) <= 1
