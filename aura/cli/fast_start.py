"""A fast start: structlog without rich, and for commands that only talk to the bus, no aiohttp."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path


@contextmanager
def without(name: str) -> Iterator[None]:
    """Make imports of *name* fail while the block is open, unless it is loaded already."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]  # None makes an import of it fail
    try:
        yield
    finally:
        del sys.modules[name]  # a later import finds the real one


@contextmanager
def without_aiohttp() -> Iterator[None]:
    """Keep nats-py from importing aiohttp, which takes 0.2 s and is only needed for ws:// URLs."""
    with nullcontext() if _over_websocket() else without("aiohttp"):
        yield


def _over_websocket() -> bool:
    settings = os.environ.get("NATS_URL", "")
    with suppress(OSError, UnicodeDecodeError):
        settings += Path(".env").read_text(encoding="utf-8")
    return "ws://" in settings or "wss://" in settings
