"""Declares a setting: its variable, and the session value that it sets."""

from typing import Any

from pydantic import AliasChoices, Field

from schemas.session_config import bounds

CONFIG_PATH = "x-session-config"
"""The key of a setting's metadata that holds its path in the session configuration."""


def bare(field: str) -> AliasChoices:
    """Return the aliases of a setting whose variable has no prefix."""
    return AliasChoices(field.upper(), field)


def listed(setting: str) -> tuple[str, ...]:
    """Return the entries of *setting*, which commas separate."""
    return tuple(entry for part in setting.split(",") if (entry := part.strip()))


def session_value(path: str, description: str) -> Any:
    """Return a setting that is the operator's value at *path* in the session configuration."""
    default, least, most = bounds(path)
    return Field(
        default, ge=least, le=most, description=description, json_schema_extra={CONFIG_PATH: path}
    )
