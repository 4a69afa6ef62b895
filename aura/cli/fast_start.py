"""Commands that only ask the bus are to be there at once: nats-py without aiohttp."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def without_aiohttp() -> Iterator[None]:
    """Have nats-py not import aiohttp, which takes 0.2 s and is for ws:// servers alone."""
    if "aiohttp" in sys.modules or _over_websocket():
        yield
        return
    sys.modules["aiohttp"] = None  # type: ignore[assignment]  # Python's way to say: not there
    try:
        yield
    finally:
        del sys.modules["aiohttp"]  # whoever needs it later may have it


def _over_websocket() -> bool:
    settings = os.environ.get("NATS_URL", "")
    with suppress(OSError, UnicodeDecodeError):
        settings += Path(".env").read_text(encoding="utf-8")
    return "ws://" in settings or "wss://" in settings
