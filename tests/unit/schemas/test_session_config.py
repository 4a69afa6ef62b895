"""A session's configuration, and the flat names that say the same in events."""

from __future__ import annotations

from typing import Any

import msgpack
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import codec
from schemas import events as ev
from schemas.flat_config import FLAT_NAMES, from_flat, to_flat
from schemas.session_config import SessionConfig, Waits, bounds

HEAD: dict[str, Any] = {"tenant": "t", "session": "s", "at_ms": 1, "edge": "e"}
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "turns.eagerness": st.sampled_from(["low", "auto", "high"]),
        "turns.silence_ms": st.integers(0, 5000),
        "turns.prefix_ms": st.integers(20, 1000),
        "turns.ask_eot": st.booleans(),
        "interruption.min_words": st.integers(1, 20),
        "response.greeting": st.text(max_size=9),
        "response.deadline_ms": st.integers(1, 99_999),
        "voice.delivery": st.sampled_from(["whole", "sentences", "chunks"]),
        "record_audio": st.booleans(),
        "language": st.sampled_from(["en", "de", "auto"]),
    },
)


@given(CHANGES)
def test_the_flat_names_say_the_same(changes: dict[str, Any]) -> None:
    config = SessionConfig().but(changes)
    unsaid = {"interruption.voice_ms": 0}  # what sessions of before were set to
    assert from_flat(*to_flat(config)) == config.but(unsaid)


@given(CHANGES)
def test_an_event_has_the_nested_and_the_flat_form(changes: dict[str, Any]) -> None:
    config = SessionConfig().but(
        {**changes, "turns.waits": {"finished_ms": 1, "unclear_ms": 2, "unfinished_ms": 3}}
    )
    began = ev.SessionStarted(**HEAD, user="u", protocol="d", config=config)
    wire = msgpack.unpackb(codec.encode(began))
    assert (wire["settings"], wire["rules"]) == to_flat(config)
    assert codec.decode(codec.encode(began)) == began
    assert began.config.turns.waits == Waits(1, 2, 3)


def test_an_event_of_before_is_read_by_its_flat_names() -> None:
    wire = {
        **HEAD,
        "type": "session.started",
        "user": "u",
        "dialect": "d",
        "settings": {"language": "de", "eagerness": "low", "interrupt_words": 3},
        "rules": {"delivery": "chunks", "model_reads": True, "deadline_ms": 9000},
    }
    event = codec.decode(msgpack.packb(wire))
    assert isinstance(event, ev.SessionStarted)
    config = event.config
    assert (config.language, config.turns.eagerness, config.interruption.min_words) == (
        "de",
        "low",
        3,
    )
    assert (config.voice.delivery, config.turns.ask_eot, config.response.timeout_ms) == (
        "chunks",
        True,
        9000,
    )


def test_missing_flat_names_have_the_defaults_of_their_time() -> None:
    event = codec.decode(msgpack.packb({**HEAD, "type": "session.resumed"}))
    assert isinstance(event, ev.SessionResumed)
    assert event.config.turns.ask_eot is False
    assert event.config.response.timeout_ms == 15_000


@pytest.mark.parametrize("path", [*FLAT_NAMES.values(), "interruption.false_interruption_ms"])
def test_every_flat_name_has_a_field_with_a_default(path: str) -> None:
    default, _, _ = bounds(path)
    assert SessionConfig().but({path: default}) == SessionConfig()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("turns.silence_ms", 5001),
        ("turns.silence_ms", "soon"),
        ("turns.eagerness", "very"),
        ("interruption.min_words", 0),
        ("voice.delivery", ""),
    ],
)
def test_a_value_that_cannot_be_is_refused(path: str, value: object) -> None:
    with pytest.raises(msgspec.ValidationError):
        SessionConfig().but({path: value})
