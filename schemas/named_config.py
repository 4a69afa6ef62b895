"""Configurations stored once under their hash; an event has only the hash and its differences.

Pure. The functions work on events as MessagePack maps, so that fields of another version are kept.
The subject and the stream are in `schemas.subjects`.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from schemas import codec
from schemas.flat_config import to_flat
from schemas.session_config import SessionConfig

Map = dict[str, Any]


def name(config: SessionConfig) -> str:
    """Return the hash that names *config*."""
    return hashlib.sha256(codec.encode(config)).hexdigest()[:32]


def named(event: Mapping[str, Any], base: SessionConfig) -> Map:
    """Return *event* with the hash of *base* and the differences in place of `config`.

    The event keeps its configuration if differences cannot express it: a map of *base* has a key
    that the configuration lacks.
    """
    kept = {
        key: value for key, value in event.items() if key not in {"config", "settings", "rules"}
    }
    before, config = _as_read(base), _as_read(event["config"])
    changes = _differences(before, config)
    if _changed(before, changes) != config:
        return dict(event)
    return {**kept, "config_hash": name(base), "config_changes": changes}


def _as_read(config: Any) -> Map:
    """Return *config*, a struct or a map, as a reader gets it: with lists and no tuples."""
    read: Map = msgspec.msgpack.decode(msgspec.msgpack.encode(config))
    return read


def names_one(event: Mapping[str, Any]) -> bool:
    """Tell whether *event* has only the hash of its configuration."""
    return bool(event.get("config_hash")) and "config" not in event


def whole(event: Mapping[str, Any], base: Mapping[str, Any]) -> Map:
    """Return *event* with its whole configuration: the stored *base* with the differences.

    Raises:
        msgspec.ValidationError: the result is no valid configuration.
    """
    kept = {
        key: value for key, value in event.items() if key not in {"config_hash", "config_changes"}
    }
    config = _changed(base, event.get("config_changes") or {})
    settings, rules = to_flat(msgspec.convert(config, SessionConfig))
    return {**kept, "config": config, "settings": settings, "rules": rules}


def _differences(base: Mapping[str, Any], other: Mapping[str, Any]) -> Map:
    """Return the values of *other* that differ, as nested maps."""
    differing: Map = {}
    for key, value in other.items():
        before = base.get(key)
        if isinstance(value, dict) and isinstance(before, dict):
            if inner := _differences(before, value):
                differing[key] = inner
        elif key not in base or value != before:
            differing[key] = value
    return differing


def _changed(base: Mapping[str, Any], changes: Mapping[str, Any]) -> Map:
    """Return *base* with *changes*, the result of `_differences`."""
    made = dict(base)
    for key, value in changes.items():
        before = made.get(key)
        both = isinstance(value, dict) and isinstance(before, dict)
        made[key] = _changed(before, value) if both and before is not None else value
    return made
