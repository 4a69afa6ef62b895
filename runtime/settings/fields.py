"""How a setting is declared: its variable, and the value of a session that it sets."""

from __future__ import annotations

from typing import Any

from pydantic import AliasChoices, Field

from schemas.session_config import bounds

PATH = "x-session-config"
"""Marks a setting that is a value of the session's configuration; tells its path there."""


def bare(field: str) -> AliasChoices:
    """Return the names of a setting whose variable has no prefix."""
    return AliasChoices(field.upper(), field)


def session_value(path: str, description: str) -> Any:
    """Return a setting that is the operator's value at *path* of each session's configuration."""
    default, least, most = bounds(path)
    return Field(
        default, ge=least, le=most, description=description, json_schema_extra={PATH: path}
    )
