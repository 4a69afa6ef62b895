"""The session configuration as two flat maps, `settings` and `rules`, of `session.started`.

They are for readers that do not know `config`; older recordings have only these maps.
"""

from collections.abc import Mapping
from typing import Any

from schemas.session_config import SessionConfig, value_at

FLAT_NAMES: Mapping[str, str] = {
    "settings.language": "language",
    "settings.eagerness": "turns.eagerness",
    "settings.silence_ms": "turns.silence_ms",
    "settings.min_speech_ms": "turns.min_speech_ms",
    "settings.prefix_ms": "turns.prefix_ms",
    "settings.interrupt_words": "interruption.min_words",
    "settings.system_prompt": "response.system_prompt",
    "settings.llm_model": "response.model",
    "settings.max_tokens": "response.max_tokens",
    "settings.temperature": "response.temperature",
    "settings.seed": "response.seed",
    "settings.record_audio": "record_audio",
    "rules.delivery": "voice.delivery",
    "rules.greeting": "response.greeting",
    "rules.history_messages": "response.history_messages",
    "rules.speculate": "turns.speculate",
    "rules.deadline_ms": "response.deadline_ms",
    "rules.chunk_ms": "voice.chunk_ms",
    "rules.model_reads": "turns.ask_eot",
}
"""Flat names, and their paths in the configuration."""
FLAT_DEFAULTS: Mapping[str, Any] = {
    "turns.ask_eot": False,
    "response.deadline_ms": 15_000,
    "interruption.voice_ms": 0,
}
"""Defaults of absent flat names that differ from today's defaults."""


def to_flat(config: SessionConfig) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return *config* as the flat maps `settings` and `rules`."""
    maps: dict[str, dict[str, Any]] = {"settings": {}, "rules": {}}
    for flat, path in FLAT_NAMES.items():
        where, name = flat.split(".")
        maps[where][name] = value_at(config, path)
    return maps["settings"], maps["rules"]


def from_flat(settings: Mapping[str, Any], rules: Mapping[str, Any]) -> SessionConfig:
    """Return the configuration in the flat maps *settings* and *rules* of an event.

    Raises:
        msgspec.ValidationError: a value is out of its bounds or of another type.
    """
    maps = {"settings": settings, "rules": rules}
    changes = dict(FLAT_DEFAULTS)
    for flat, path in FLAT_NAMES.items():
        where, name = flat.split(".")
        if maps[where].get(name, "") != "":  # older events have an empty delivery
            changes[path] = maps[where][name]
    return SessionConfig().but(changes)
