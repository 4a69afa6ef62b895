"""The version of the installed Aura."""

from __future__ import annotations

from functools import cache


@cache
def version() -> str:
    """Return the version of the package `aura-voice`; 0.0.0 in a checkout that is not installed."""
    from importlib import metadata  # noqa: PLC0415  # takes 30 ms, and few processes need it

    try:
        return metadata.version("aura-voice")
    except metadata.PackageNotFoundError:
        return "0.0.0"
