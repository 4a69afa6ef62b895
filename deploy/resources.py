"""Finds the declaration of the bus: `nats/` in a checkout, `deploy/nats` in an installed wheel."""

import json
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent


def folder() -> Path:
    """Return the folder with server.conf, streams and consumers.

    Raises:
        FileNotFoundError: the installation is broken.
    """
    for place in (_HERE / "nats", _HERE.parent / "nats"):
        if (place / "server.conf").exists():
            return place
    raise FileNotFoundError("nats/server.conf is missing: install aura-voice again")


def streams() -> list[dict[str, Any]]:
    """Return the streams in the form of the server's API."""
    return _all("streams")


def consumers() -> list[dict[str, Any]]:
    """Return the consumers in the form of the server's API."""
    return _all("consumers")


def _all(kind: str) -> list[dict[str, Any]]:
    files = sorted((folder() / kind).glob("*.json"))
    return [json.loads(file.read_text(encoding="utf-8")) for file in files]
