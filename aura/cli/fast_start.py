"""A fast start for commands that only talk to the bus: nats-py without aiohttp."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def without_aiohttp() -> Iterator[None]:
    """Keep nats-py from importing aiohttp, which takes 0.2 s and is only needed for ws:// URLs."""
    if "aiohttp" in sys.modules or _over_websocket():
        yield
        return
    sys.modules["aiohttp"] = None  # type: ignore[assignment]  # None makes an import of it fail
    try:
        yield
    finally:
        del sys.modules["aiohttp"]  # a later import finds the real one


def _over_websocket() -> bool:
    settings = os.environ.get("NATS_URL", "")
    with suppress(OSError, UnicodeDecodeError):
        settings += Path(".env").read_text(encoding="utf-8")
    return "ws://" in settings or "wss://" in settings
