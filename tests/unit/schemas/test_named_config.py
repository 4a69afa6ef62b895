"""An event names a stored configuration and says what differs: read back, it is the same event."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgpack
import msgspec
import pytest

from schemas import codec, named_config
from schemas import events as ev
from schemas.session_config import SessionConfig, Waits

BASE = SessionConfig().but({"response.system_prompt": "Be brief. " * 40, "response.greeting": "Hi"})
OLD = Path(__file__).parents[2] / "contract" / "golden" / "named-config-v1.json"
"""A configuration and an event that names it, with each tuple as a difference."""
HEAD: ev.Head = {"tenant": "t", "session": "s", "at_ms": 7}


def wire(config: SessionConfig) -> dict[str, Any]:
    return dict(msgpack.unpackb(codec.encode(started(config))))


def plain(config: SessionConfig) -> dict[str, Any]:
    """Return the event before it is packed, with tuples."""
    return dict(msgspec.to_builtins(started(config), builtin_types=(bytes,)))


def started(config: SessionConfig) -> ev.SessionStarted:
    return ev.SessionStarted(**HEAD, user="u", protocol="d", edge="e", config=config)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"response.greeting": "", "language": "de", "turns.eagerness": "low"},
        {"turns.waits": {"finished_ms": 1, "unclear_ms": 2, "unfinished_ms": 3}},
        {"response.system_prompt": "Another one.", "record_audio": True},
    ],
)
def test_an_event_with_its_named_configuration_is_the_original(changes: dict[str, Any]) -> None:
    event = started(BASE.but(changes))
    named = named_config.named(wire(event.config), BASE)
    base = msgpack.unpackb(codec.encode(BASE))
    assert codec.decode(msgpack.packb(named_config.whole(named, base))) == event


def test_a_value_that_is_taken_away_again_is_a_change() -> None:
    base = BASE.but({"turns.waits": {"finished_ms": 1, "unclear_ms": 2, "unfinished_ms": 3}})
    assert base.turns.waits == Waits(1, 2, 3)
    named = named_config.named(wire(BASE), base)
    whole = named_config.whole(named, msgspec.to_builtins(base))
    event = codec.decode(msgpack.packb(whole))
    assert isinstance(event, ev.SessionStarted)
    assert event.config.turns.waits is None


@pytest.mark.parametrize("form", [wire, plain])
def test_only_the_differences_are_kept(form: Callable[[SessionConfig], dict[str, Any]]) -> None:
    named = named_config.named(form(BASE.but({"turns.silence_ms": 700})), BASE)
    assert named["config_changes"] == {"turns": {"silence_ms": 700}}
    assert named["config_hash"] == named_config.name(BASE)
    assert not {"config", "settings", "rules"} & set(named)
    assert len(msgpack.packb(named)) * 5 < len(codec.encode(started(BASE)))


def test_an_event_whose_map_has_a_key_less_keeps_its_configuration() -> None:
    base = BASE.but({"prices.models": {"small": [1.0, 2.0], "large": [3.0, 4.0]}})
    for models in ({}, {"small": [1.0, 2.0]}):
        event = started(base.but({"prices.models": models}))
        named = named_config.named(wire(event.config), base)
        assert not named_config.names_one(named)
        assert codec.decode(msgpack.packb(named)) == event


def test_an_event_of_an_earlier_version_with_more_differences_than_there_are_is_read() -> None:
    stored = json.loads(OLD.read_text(encoding="utf-8"))
    fields = msgpack.unpackb(bytes.fromhex(stored["event"]))
    assert fields["config_changes"].keys() == {"language", "tools", "webhook"}
    base = msgpack.unpackb(bytes.fromhex(stored["config"]))
    event = codec.decode(msgpack.packb(named_config.whole(fields, base)))
    assert isinstance(event, ev.SessionStarted)
    assert event.config == msgspec.convert(base, SessionConfig).but({"language": "de"})


def test_an_event_that_was_not_read_with_it_says_so_and_claims_no_defaults() -> None:
    event = codec.decode(msgpack.packb(named_config.named(wire(BASE), BASE)))
    assert isinstance(event, ev.SessionStarted)
    assert event.names_config
    assert (event.settings, event.rules) == ({}, {})
    assert not started(BASE).names_config


def test_fields_of_a_newer_version_are_kept() -> None:
    fields = {**named_config.named(wire(BASE), BASE), "brand_new": 1}
    base = {**msgspec.to_builtins(BASE), "brand_new_too": {"deep": 2}}
    fields["config_changes"] = {"brand_new_too": {"deep": 3}}
    whole = named_config.whole(fields, base)
    assert whole["brand_new"] == 1
    assert whole["config"]["brand_new_too"] == {"deep": 3}


def test_only_an_event_without_its_configuration_names_one() -> None:
    assert named_config.names_one(named_config.named(wire(BASE), BASE))
    assert not named_config.names_one(wire(BASE))


def test_another_configuration_has_another_name() -> None:
    assert named_config.name(BASE) == named_config.name(BASE.but({}))
    assert named_config.name(BASE) != named_config.name(BASE.but({"language": "fr"}))
